"""The durations of everything scripted: fixed, never random.

Recorded runs start after 0 to 2 s and take 8 s in the median. [REC]
"""

QUEUED_SECONDS = 1  # from being queued to the start
THINK_SECONDS = 5  # before the first step
NEXT_STEP_SECONDS = 1  # between one step and the next
STEP_SECONDS = 2  # how long a step takes
CANCEL_SECONDS = 1  # from the cancel request to the end
