"""Generate the reference: `python tools/reference.py`.

From docstrings, argument parsers and the plugin.

A test holds that what is committed is what this writes. Signatures and options are rendered here, not by `inspect` or
`argparse`, whose output differs between versions of Python.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import understudy
from understudy import _cassettes, errors, strategies
from understudy._cli import main
from understudy._common import messages
from understudy._diagnostics.client_misuse import ClientMisuse, Finding, find_misuse
from understudy._diagnostics.timeline import Moment, Timeline
from understudy._engine.clock import Clock
from understudy._parity.report import ParityReport, Side
from understudy._promote import promotion
from understudy._properties.scenario import Scenario
from understudy._transcript.comparing import Difference
from understudy._transcript.entries import TranscriptEntry
from understudy._transcript.transcript import Transcript
from understudy.pytest_plugin import fixtures, hooks
from understudy.scripts import ScriptedRun

HERE = Path(__file__).resolve().parents[1] / "docs" / "reference"
_SECTION = re.compile(r"^(Args|Attributes|Raises|Warns|Rules|Modes):$")
_ENTRY = re.compile(r"^([\w*, ]+?): (.*)$")


# -- docstrings -----------------------------------------------------------------


def documented(thing: Any) -> str:
    """Return a docstring as Markdown: paragraphs stay, sections become lists."""
    lines, out, is_list = inspect.getdoc(thing).splitlines(), [], False  # type: ignore[union-attr]
    for line in lines:
        section = _SECTION.match(line)
        if section:
            out += [f"**{section[1]}**", ""]
            is_list = True
        elif is_list and line.startswith("    ") and not line.startswith("     "):
            name, text = _entry(line.strip())
            out.append(f"* {name}{text}")
        elif is_list and line.startswith("     "):
            out.append("  " + line.strip())
        else:
            is_list = is_list and not line
            out.append(line)
    return "\n".join(out).strip()


def _entry(line: str) -> tuple[str, str]:
    found = _ENTRY.match(line)
    if found is None:
        return "", line
    return ", ".join(f"`{name.strip()}`" for name in found[1].split(",")) + ": ", found[2]


# -- signatures -----------------------------------------------------------------


def signature(thing: Any, *, is_method: bool = False) -> str:
    """Return the parameters of a callable.

    With the annotations as they are written, and the defaults as code.
    """
    parameters = list(inspect.signature(thing).parameters.values())
    parameters = [one for one in parameters if one.name not in ("self", "cls")] if is_method else parameters
    factories = _factories(thing)
    shown, keyword_only = [], False
    for one in parameters:
        if one.kind is one.VAR_POSITIONAL:
            keyword_only = True
        elif one.kind is one.KEYWORD_ONLY and not keyword_only:
            shown.append("*")
            keyword_only = True
        shown.append(_parameter(one, factories))
    gives = inspect.signature(thing).return_annotation
    if hasattr(thing, "__wrapped__"):  # @contextmanager
        gives = gives.replace("Iterator[", "ContextManager[")
    arrow = "" if gives in (inspect.Signature.empty, "None", "Any") or inspect.isclass(thing) else f" -> {gives}"
    return f"({', '.join(shown)}){arrow}"


def _parameter(one: inspect.Parameter, factories: dict[str, str]) -> str:
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    text = f"{stars}{one.name}"
    if one.annotation is not one.empty and one.annotation != "Any":
        text += f": {one.annotation}"
    if one.default is not one.empty:
        default = factories.get(one.name) or _code(one.default)
        text += f" = {default}" if ":" in text else f"={default}"
    return text


def _code(value: Any) -> str:
    return f"{value:_}" if type(value) is int else repr(value).replace("'", '"')


def _factories(thing: Any) -> dict[str, str]:
    """Return the fresh default of each dataclass field that has a factory."""
    if not dataclasses.is_dataclass(thing):
        return {}
    made = [one for one in dataclasses.fields(thing) if one.default_factory is not dataclasses.MISSING]
    return {one.name: repr(one.default_factory()) for one in made}  # type: ignore[misc]


def folded(head: str, parameters: str) -> str:
    """Return a signature in a code block; a long one has one parameter a line."""
    if len(head + parameters) > 100:
        before, _, rest = parameters.partition("(")
        inside, _, gives = rest.rpartition(")")
        parameters = before + "(\n" + "".join(f"    {one},\n" for one in _split(inside)) + f"){gives}"
    return f"```python\n{head}{parameters}\n```"


def _split(parameters: str) -> list[str]:
    """Split parameters at the commas outside all brackets."""
    parts, depth = [""], 0
    for letter in parameters:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


# -- things ---------------------------------------------------------------------


def function(name: str, thing: Any) -> str:
    return f"## `{name.rpartition('.')[2]}`\n\n{folded(name, signature(thing))}\n\n{documented(thing)}\n"


def kind(thing: type, *, level: int = 2, shows_signature: bool = True, parts: tuple[type, ...] = ()) -> str:
    """Return the section of a class.

    What it is made of, what it is, and its public methods and properties, in source order.

    Args:
        thing: the class.
        level: of its heading.
        shows_signature: whether users call it.
        parts: those of its bases that are written apart, and belong to it.
    """
    head = f"{'#' * level} `{thing.__name__}`\n\n"
    if shows_signature:
        head += folded(thing.__name__, signature(thing)) + "\n\n"
    named = [entry for one in (thing, *parts) for entry in vars(one).items()]
    members = [_member(name, value, level + 1) for name, value in named if _is_shown(name, value)]
    return head + documented(thing) + "\n" + "".join(f"\n{member}" for member in members)


def _is_shown(name: str, value: Any) -> bool:
    return not name.startswith("_") and (isinstance(value, property) or inspect.isfunction(value)) and bool(value.__doc__)


def _member(name: str, value: Any, level: int) -> str:
    title = f"{'#' * level} `{name}`\n\n"
    if isinstance(value, property):
        return f"{title}{documented(value)}\n"
    return f"{title}{folded(name, signature(value, is_method=True))}\n\n{documented(value)}\n"


# -- the pages ------------------------------------------------------------------


def page(title: str, lead: str, *parts: str) -> str:
    note = "<!-- Written by tools/reference.py from the docstrings. -->"
    return "\n".join([note, "", f"# {title}", "", lead, "", *parts]).rstrip() + "\n"


def backend() -> str:
    lead = "What the fixture `understudy` is, and what `understudy.simulate()` gives."
    kinds = [
        kind(one, shows_signature=False) for one in (Clock, messages.SentRequest, Timeline, Moment, ClientMisuse, Finding)
    ]
    rules = f"## Rules of client misuse\n\n{documented(find_misuse)}\n"
    made = function("understudy.simulate", understudy.simulate)
    return page("Backend", lead, made, kind(understudy.Backend, parts=understudy.Backend.__bases__), *kinds, rules)


def scripts() -> str:
    lead = "What a run does, for `next_run`, `every_run` and `simulate(script=...)`. [How they look in tests](../runs.md)."
    calls = ("FunctionCall", "CodeInterpreter", "FileSearch", "SearchResult")
    endings = ("Fail", "Incomplete", "Expire", "Hang")
    names = ("Reply", "Reason", *calls, *endings, "Wait", "AnyFunctionCall", "ResponseItem")
    moves = [kind(getattr(understudy, name)) for name in names]
    return page("Scripts", lead, *moves, kind(ScriptedRun, shows_signature=False))


def faults() -> str:
    module = import_module("understudy.faults")
    lead = "What goes wrong between an app and the service. [How each surfaces](../faults.md#how-each-fault-surfaces)."
    names = ["Fault", *(name for name in module.__all__ if name != "Fault")]
    return page("Faults", lead, documented(module) + "\n", *(kind(getattr(module, name)) for name in names))


def properties() -> str:
    lead = "Generated ways a run can go. [How to use them](../properties.md)."
    drawn = [function(f"strategies.{name}", getattr(strategies, name)) for name in strategies.__all__ if name.islower()]
    kinds = [
        kind(understudy.Trajectory, shows_signature=False),
        kind(Scenario),
        kind(understudy.ApiMachine, shows_signature=False),
    ]
    every = function("understudy.every_lifecycle", understudy.every_lifecycle)
    return page("Properties", lead, every, *drawn, *kinds, function("understudy.trio_clock", understudy.trio_clock))


def recordings() -> str:
    lead = "Record and replay. [What an app gets](../replay.md)."
    hooks = "[vcrpy's hooks and filters](../replay.md#vcrpys-hooks-and-filters)"
    listed = _arguments(_cassettes.CassetteSession, understudy.use_cassette).replace(
        "vcrpy's hooks and filters, see `VcrConfig`", hooks
    )
    settings = f"## Settings\n\nOf `use_cassette` and of `@pytest.mark.cassette`.\n\n{listed}\n"
    used = function("understudy.use_cassette", understudy.use_cassette)
    promoted = function("understudy.from_cassette", promotion.from_cassette)
    return page("Cassettes", lead, used, settings, kind(_cassettes.Cassette, shows_signature=False), promoted)


def _arguments(thing: Any, known: Callable[..., Any]) -> str:
    """Return a class's documented arguments, as far as a function passes them on."""
    text = documented(thing)
    entries = re.split(r"^\* ", text[text.index("**Args**") : text.index("**Raises**")], flags=re.MULTILINE)[1:]
    names = inspect.signature(known).parameters
    return "\n".join(f"* {one.strip()}" for one in entries if one.split("`")[1] in names)


def parities() -> str:
    lead = "Two apps, one script, and what differs. [How to use it](../parity.md)."
    made = [function(f"understudy.{name}", getattr(understudy, name)) for name in ("parity", "transcript")]
    kinds = [kind(one, shows_signature=False) for one in (ParityReport, Side, Difference, Transcript, TranscriptEntry)]
    return page("Parity", lead, *made, *kinds)


def problems() -> str:
    kinds = [one for one in vars(errors).values() if inspect.isclass(one) and issubclass(one, errors.UnderstudyError)]
    parts = [f"## `{one.__name__}`\n\n{documented(one)} `error.code`: `{one.code}`.\n" for one in kinds]
    lead = "Of `understudy.errors`. [What to do about each](../how-to/troubleshooting.md)."
    return page("Errors", lead, documented(errors) + "\n", *parts)


# -- pytest and the command -----------------------------------------------------


class _Recorded:
    """Records the options that a plugin adds to pytest's parser."""

    def __init__(self) -> None:
        self.options: list[tuple[str, dict[str, Any]]] = []
        self.ini: list[tuple[str, str, dict[str, Any]]] = []

    def getgroup(self, *_: str) -> _Recorded:
        return self

    def addoption(self, name: str, **settings: Any) -> None:
        self.options.append((name, settings))

    def addini(self, name: str, text: str, **settings: Any) -> None:
        self.ini.append((name, text, settings))


def plugin() -> str:
    said: Any = _Recorded()
    hooks.pytest_addoption(said)
    lead = "What the plugin adds to pytest: `pytest --fixtures`, `--markers` and `--help` say the same."
    parts = ["## Fixtures\n", *(_fixture(name) for name in ("understudy", "understudy_cassette", "understudy_server"))]
    parts += ["## Markers\n", *(_marker(text) for text in hooks.MARKERS)]
    parts += ["## Options\n", *(_option(*one) for one in said.options)]
    parts += ["\n## Ini settings\n", *(f"* `{name}`: {text}. Default: `{_ini(one)}`" for name, text, one in said.ini)]
    return page("pytest", lead, *parts)


def _fixture(name: str) -> str:
    fixture: Any = getattr(fixtures, name)
    wrapped: Callable[..., Any] = inspect.unwrap(getattr(fixture, "_fixture_function", fixture))
    return f"### `{name}`\n\n{documented(wrapped)}\n"


def _marker(text: str) -> str:
    name, _, rest = text.partition("): ")
    shown = folded("@pytest.mark.", f"{name})").replace("'", '"')
    return f"### `@pytest.mark.{name.partition('(')[0]}`\n\n{shown}\n\n{rest[0].upper()}{rest[1:]}\n"


def _option(name: str, settings: dict[str, Any]) -> str:
    choices = f"={{{','.join(settings['choices'])}}}" if "choices" in settings else ""
    return f"* `{name}{choices}`: {settings['help']}"


def _ini(settings: dict[str, Any]) -> str:
    default = settings["default"]
    return {"[]": "none", "False": "false"}.get(repr(default), str(default))


def command() -> str:
    parser = argparse.ArgumentParser(prog="understudy")
    subparsers = parser.add_subparsers()
    for name in main.COMMANDS:
        import_module(f"understudy._cli.{name}").add(subparsers)
    lead = "`understudy COMMAND`; `python -m understudy COMMAND` is the same. `understudy --version` says which it is."
    return page("The command", lead, *(_subcommand(name, one) for name, one in subparsers.choices.items()))


def _subcommand(name: str, parser: argparse.ArgumentParser) -> str:
    actions = [one for one in parser._actions if one.dest != "help"]  # noqa: SLF001 - argparse has no other door
    arguments = "\n".join(map(_argument, actions))
    return f"## `understudy {name}`\n\n{parser.description}\n\n{arguments}\n".rstrip() + "\n"


def _argument(one: argparse.Action) -> str:
    value = one.metavar or (f"{{{','.join(map(str, one.choices))}}}" if one.choices else (one.dest.upper()))
    names = ", ".join(f"{option} {value}" for option in one.option_strings) or str(value)
    return f"* `{names}`{' (required)' if one.required and one.option_strings else ''}: {one.help}"


PAGES: dict[str, Callable[[], str]] = {
    "backend.md": backend,
    "cassettes.md": recordings,
    "command.md": command,
    "errors.md": problems,
    "faults.md": faults,
    "parity.md": parities,
    "properties.md": properties,
    "pytest.md": plugin,
    "scripts.md": scripts,
}


def pages() -> Iterator[tuple[str, str]]:
    """Yield the pages by name."""
    for name, written in PAGES.items():
        yield name, written()


if __name__ == "__main__":
    for name, text in pages():
        (HERE / name).write_text(text, encoding="utf-8")
