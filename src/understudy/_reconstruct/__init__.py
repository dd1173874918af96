"""Reconstruction: what a recorded session shows of its runs and objects."""
