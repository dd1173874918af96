"""What an app and its model said to each other, whatever the API: read from a simulation or a recording, and compared."""
