"""`Backend`, what tests say to the simulated service, and the dispatcher that answers requests."""
