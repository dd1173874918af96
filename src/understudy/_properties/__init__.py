"""Property tests: the lifecycle explorer, scenarios, determinism."""
