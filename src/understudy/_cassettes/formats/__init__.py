"""Readers of cassettes: one small file for each recorder's format, told apart by what is in the file."""
