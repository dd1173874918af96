"""The subcommands of `understudy`, one module each. Heavy imports happen when a command runs."""
