"""Keeps secrets off the disk: finds and removes them, checks before every write."""

from understudy._cassettes.secrets.exchanges import without_secrets
from understudy._cassettes.secrets.failures import clean_chain, scrubbed_error
from understudy._cassettes.secrets.headers import REQUEST_HEADERS, RESPONSE_HEADERS
from understudy._cassettes.secrets.scrubber import Scrubber
from understudy._cassettes.secrets.spans import SCRUBBED

__all__ = ["REQUEST_HEADERS", "RESPONSE_HEADERS", "SCRUBBED", "Scrubber", "clean_chain", "scrubbed_error", "without_secrets"]
