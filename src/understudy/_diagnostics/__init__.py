"""What happened in a simulation, for people: request log, timelines, traces, unused set-up."""
