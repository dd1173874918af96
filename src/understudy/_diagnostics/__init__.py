"""Diagnostics of a simulation: request log, timelines, traces, unused set-up."""
