"""The simulated service without its wire format: store, clock, ids, lifecycle, scripts. No HTTP, no JSON texts."""
