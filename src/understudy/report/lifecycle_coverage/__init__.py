"""Lifecycle coverage: what of the lifecycle of runs the app under test has met, over a whole test suite.

`watching` looks on at every world and counts in a `tally`; `possible` says what there is to meet, from the tables that move
the simulator; `coverage` holds the one against the other; `terminal`, `as_json` and `page` show it.
"""
