"""The moves of a script, one file each; those that call tools: `call_kinds`."""
