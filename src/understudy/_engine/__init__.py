"""The simulated service below any API and HTTP: clock, ids, scripts, runs, files."""
