"""An argument parser that names what is nearest to a word it does not know."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NoReturn

from understudy.errors import did_you_mean, nearest

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

        argparse refuses them at the top level, where they are not; and from Python 3.12.8 on, the value of an unknown option
        may be taken for a missing argument before that.
        """
        if args is not None and self._subparsers is None:
            self._refuse_options(args)
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}.")
        return known, rest

    def _refuse_options(self, args: Sequence[str]) -> None:
        words = list(takewhile(lambda word: word != "--", args))
        options = self._option_string_actions
        for number, word in enumerate(words):
            name = word.partition("=")[0]
            if not word.startswith("--") or name in options:
                continue
            close = nearest(name, list(options))
            value = words[number + 1 : number + 2] if close and options[close[0]].nargs != 0 and name == word else []
            shown = " ".join([word, *(text for text in value if not text.startswith("-"))])
            self.error(f"unrecognized arguments: {shown}.{did_you_mean(name, list(options))}")
