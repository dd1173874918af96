"""What may be in a script: a file for each move that is not a call of a tool (those are in `call_kinds`)."""
