"""Two apps, one script; transcripts of simulations and recordings."""
