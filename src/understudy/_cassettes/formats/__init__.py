"""Readers of cassettes, one small file for each recorder's format.

They are chosen by what is in the file.
"""
