"""The simulated service without any API: clock, ids, scripts, runs, files.

Knows no HTTP.
"""
