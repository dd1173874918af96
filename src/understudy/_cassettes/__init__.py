"""Cassettes: recordings that replay however the app polls, and are never lost.

Users call `use_cassette`, a test framework's plugin `CassetteSession`, tools that look into cassettes `load`.
"""

from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import load
from understudy._cassettes.session import Cassette, CassetteSession, cassette_in_use, use_cassette

__all__ = ["Cassette", "CassetteSession", "Interaction", "cassette_in_use", "load", "use_cassette"]
