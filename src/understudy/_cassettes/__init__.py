"""Cassettes: recordings that replay for ever, however the app polls, and are never lost.

`use_cassette` is the whole door for people; `CassetteSession` the one for a test framework's plugin; `load` the one for
tools that look into cassettes.
"""

from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import load
from understudy._cassettes.session import Cassette, CassetteSession, cassette_in_use, use_cassette

__all__ = ["Cassette", "CassetteSession", "Interaction", "cassette_in_use", "load", "use_cassette"]
