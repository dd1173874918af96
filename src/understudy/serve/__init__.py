"""The simulated service over HTTP: for other languages, for looking at it by hand, for recording from."""
