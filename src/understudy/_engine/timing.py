"""How long things take: fixed, never drawn [REC: start after 0 to 2 s, a whole run 8 s in the median]."""

QUEUED_SECONDS = 1  # queued until it starts
THINK_SECONDS = 5  # before the first step
NEXT_STEP_SECONDS = 1  # between one step and the next
STEP_SECONDS = 2  # how long a step takes
CANCEL_SECONDS = 1  # from the wish to cancel to the end
