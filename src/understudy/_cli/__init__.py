"""The command `understudy`, one file for each subcommand."""
