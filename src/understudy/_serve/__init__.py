"""The simulated service over HTTP, with an admin route for any language."""
