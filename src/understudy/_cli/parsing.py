"""An argument parser that names what is nearest to a word it does not know."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from understudy.errors import did_you_mean

_CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)$")


def pattern(text: str) -> str:
    """Parse a regular expression given as an argument, or report why it is not one."""
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regular expression: {error}") from None
    return text


def add_scrub(parser: argparse.ArgumentParser) -> None:
    """Add the option for patterns of the user's own secrets."""
    parser.add_argument(
        "--scrub",
        metavar="PATTERN",
        type=pattern,
        action="append",
        default=[],
        help="a pattern of your own secrets; may be repeated",
    )


class NearestParser(argparse.ArgumentParser):
    """Argparse's parser, which names the nearest known command, option or choice."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        found = _CHOICE.search(message)
        if found is not None:
            message += "." + did_you_mean(found[1], re.findall(r"[\w-]+", found[2]))
        super().error(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown arguments here, where the options are known.

        argparse refuses them at the top level, where they are not.
        """
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            options = [option for action in self._actions for option in action.option_strings]
            hints = {did_you_mean(word.partition("=")[0], options) for word in rest if word.startswith("-")}
            self.error(f"unrecognized arguments: {' '.join(rest)}.{''.join(sorted(hints))}")
        return known, rest
