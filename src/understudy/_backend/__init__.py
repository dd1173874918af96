"""`Backend`, the simulated service as tests see it, and its dispatcher."""
