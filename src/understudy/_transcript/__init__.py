"""Transcripts: what an app and its model said to each other, whatever the API.

Read from a simulation or a recording, and compared.
"""
