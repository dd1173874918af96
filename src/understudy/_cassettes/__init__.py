"""Cassettes: recordings that replay however the app polls, and are never lost.

Users call `use_cassette`, a test framework's plugin `CassetteSession`, tools that look into cassettes `load`.
"""

from understudy._cassettes.cassette import Cassette
from understudy._cassettes.in_use import cassette_in_use, use_cassette
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import load
from understudy._cassettes.session import CassetteSession

__all__ = ["Cassette", "CassetteSession", "Interaction", "cassette_in_use", "load", "use_cassette"]
