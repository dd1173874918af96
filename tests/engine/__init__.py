"""Runs: scripts, streams, the clock, faults, observation; through real openai clients."""
