"""Two apps, one script: whether the port does for the user what the old app did, and what it does not."""
