"""What a recorded session tells of the service it was recorded from: what each run did, and what was there before it.

Both the fidelity run and promotion stand on this; `report` draws a cassette's runs from it.
"""
