"""Generate COVERAGE.md: what is faked, and how that is known.

Operation by operation, parameter by parameter.

    python -m tools.coverage_ledger SPEC [COVERAGE.md]

Drawn from the tables of operations, limits, refusals and transitions, the evidence, and the observed spec; without a
second argument it is printed. The test suite fails when the file and the code drift apart.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools import evidence_responses
from tools.evidence import EFFECTS, ELSEWHERE, NOT_FAKED, RECORDED
from understudy._apis import faces
from understudy._apis.assistants import lifecycle as runs
from understudy._apis.common.bounds import Bound
from understudy._apis.common.face import Face
from understudy._apis.common.operation_call import Operation
from understudy._apis.common.routing import Faces
from understudy._apis.error_texts import REFUSALS, Refusal
from understudy._apis.limits import limits
from understudy._apis.responses import error_texts as responses_texts
from understudy._apis.responses.lifecycle import RESPONSE
from understudy._engine import lifecycle

Json = dict[str, Any]
OPERATIONS = faces.ASSISTANTS_AND_SHARED.operations
RESPONSES = faces.RESPONSES.operations

_INTRO = """\
# What is faked, and how it is known

Written by `python -m tools.coverage_ledger`, not by hand; the suite fails when it is out of date.

| mark | meaning |
|---|---|
| REC | a real recording shows it |
| RUN | an independent suite, run against the real service, shows it |
| REP | users quoted what the real service answered |
| SPEC, DOCS | published in the OpenAPI document, or in the documentation |
| INF | a guess |
"""
_MACHINES = {
    "run": runs.RUN,
    "run step": runs.STEP,
    "message": runs.MESSAGE,
    "upload": lifecycle.UPLOAD,
    "vector store": lifecycle.VECTOR_STORE,
    "file in a vector store": lifecycle.STORE_FILE,
    "file batch": lifecycle.FILE_BATCH,
}


def ledger(spec: Json) -> str:
    """Return the text of COVERAGE.md, for an OpenAPI document."""
    sections = [
        _INTRO,
        _summary(spec),
        "## Operations\n",
        *(_operation(operation, spec) for operation in OPERATIONS),
        "## Not faked\n\n" + "".join(f"- {line}\n" for line in (*_missing(spec), *NOT_FAKED)),
        _limits(faces.ASSISTANTS_AND_SHARED, REFUSALS),
        _transitions(),
        _refusals(REFUSALS.values()),
        "# The Responses API\n",
        *map(_response_operation, RESPONSES),
        "## Not faked on this API\n\n- `prompt=`, which ends on 2026-11-30.\n- WebSockets, `client.beta.agents`.\n",
        _limits(faces.RESPONSES, responses_texts.REFUSALS),
        _moves({"response": RESPONSE}),
        _refusals(refusal for name, refusal in responses_texts.REFUSALS.items() if REFUSALS.get(name) is not refusal),
    ]
    return "\n".join(sections)


def _summary(spec: Json) -> str:
    rows = [row for operation in OPERATIONS for row in _parameters(operation, spec)]
    marks = Counter(operation.mark for operation in OPERATIONS)
    counted = ", ".join(f"{count} {mark}" for mark, count in marks.most_common())
    partly = sum(effect != "yes" for _, _, effect in rows)
    return (
        f"{len(OPERATIONS)} operations ({counted}), {len(rows)} parameters, of which {partly} are taken without being acted "
        f"on in full; {len(REFUSALS)} refusals.\n"
    )


def _operation(operation: Operation, spec: Json) -> str:
    exchanges = RECORDED.get(operation.name, (0, ""))[0]
    seen = f"{exchanges} recorded exchanges" if exchanges else "never recorded"
    head = f"### {operation.name}\n\n`{operation.method} {operation.path}` · {operation.mark} · {seen}\n"
    rows = [f"| `{name}` | {mark} | {effect} |\n" for name, mark, effect in _parameters(operation, spec)]
    table = "\n| parameter | known by | acted on |\n|---|---|---|\n" + "".join(rows) if rows else ""
    return head + table


def _parameters(operation: Operation, spec: Json) -> Iterator[tuple[str, str, str]]:
    """Yield every parameter of the spec or of ours.

    With its evidence, and what the fake does with it.
    """
    published = _published(operation, spec)
    known = _known(operation)
    recorded = RECORDED.get(operation.name, (0, ""))[1].split()
    effects = EFFECTS.get(operation.name, {})
    for name in dict.fromkeys([*published, *known]):
        mark = "REC" if name in recorded else ELSEWHERE.get(name) or ("SPEC" if name in published else "INF")
        yield name, mark, effects.get(name, "yes") if name in known else "**not faked**: refused as unknown"


def _known(operation: Operation) -> list[str]:
    body = operation.body
    nested = getattr(body, "nested", {})
    return [*operation.query, *(body.known if body is not None else ()), *nested]


def _published(operation: Operation, spec: Json) -> list[str]:
    described = spec["paths"].get(operation.path, {}).get(operation.method.lower(), {})
    query = [parameter["name"] for parameter in described.get("parameters", ()) if parameter["in"] == "query"]
    content = described.get("requestBody", {}).get("content", {})
    return query + [name for media in content.values() for name in _properties(media["schema"], spec)]


def _properties(schema: Json, spec: Json) -> list[str]:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    own = list(schema.get("properties", ()))
    return own + [name for part in schema.get("allOf", ()) for name in _properties(part, spec)]


def _missing(spec: Json) -> Iterator[str]:
    """Yield the operations of the spec that are not in the table."""
    ours = {(operation.method, operation.path) for operation in OPERATIONS}
    for path, methods in spec["paths"].items():
        for method in methods:
            if method in ("get", "post", "delete", "put", "patch") and (method.upper(), path) not in ours:
                yield f"`{method.upper()} {path}`."


_LIMITS = """\
## Limits

Enforced on every request, with what the service said otherwise. `known by` is of the limit / of the sentence. Each row has a
test of its own, of that name, in `tests/apis/test_limits.py`: just inside is taken, just outside is refused. (Where several
rows of the Responses API share a check, those after the first are tested in the session `deep`.)

| where | what must hold | refused with | known by | operations | test |
|---|---|---|---|---|---|
"""
_HOLDS = {
    "required": "is there",
    "most characters": "at most {} characters",
    "most characters in a key": "at most {} characters in a key",
    "most items": "at most {} items",
    "most pairs": "at most {} pairs",
    "most": "at most {}",
    "least": "at least {}",
    "not empty": "not empty",
    "pattern": "matches `{}`",
    "characters of an id": "of letters, numbers, underscores and dashes",
    "most characters of an id": "at most {} characters",
    "prefix": "an id that begins with `{}`",
    "one of": "one of {}",
    "a URL": "{}",
    "rule": "{}",
}


def _limits(of: Faces | Face, refusals: Mapping[str, Refusal]) -> str:
    """Return one row for each limit at one path, with the operations that have it."""
    rows: dict[tuple[str, Bound], list[str]] = {}
    for limit in limits(of):
        operations = rows.setdefault((limit.path, limit.bound), [])
        operations += [] if limit.operation in operations else [limit.operation]
    lines = [_limit(path, bound, operations, refusals[bound.refusal]) for (path, bound), operations in rows.items()]
    return _LIMITS + "".join(lines)


def _limit(path: str, bound: Bound, operations: list[str], refusal: Refusal) -> str:
    words = ", ".join(f"`{word}`" for word in bound.value) if isinstance(bound.value, tuple) else bound.value
    test = f"`test_a_{'rule' if bound.kind == 'rule' else 'limit'}[... {path}: {bound.kind}]`"
    holds = _HOLDS[bound.kind].format(words)
    return (
        f"| `{path or 'the body'}` | {_cell(holds)} | {_cell(refusal.message)} | {bound.mark} / {refusal.mark} | "
        f"{', '.join(operations)} | {test} |\n"
    )


def _response_operation(operation: Operation) -> str:
    exchanges, recorded = evidence_responses.RECORDED.get(operation.name, (0, ""))
    seen = f"{exchanges} recorded exchanges" if exchanges else "never recorded"
    rows = [
        f"| `{name}` | {_known_by(name, recorded)} | {evidence_responses.EFFECTS.get(name, 'yes')} |\n"
        for name in dict.fromkeys(_known(operation))
    ]
    table = "\n| parameter | known by | acted on |\n|---|---|---|\n" + "".join(rows) if rows else ""
    mark = "REC" if exchanges else "SDK"
    return f"### {operation.name}\n\n`{operation.method} {operation.path}` · {mark} · {seen}\n{table}"


def _known_by(name: str, recorded: str) -> str:
    if name in recorded.split():
        return "REC"
    return "REP" if name in evidence_responses.REPORTED else "SDK"


def _transitions() -> str:
    return _moves(_MACHINES)


def _moves(machines: Mapping[str, Sequence[lifecycle.Transition]]) -> str:
    rows = [
        f"| {kind} | {move.source} | {move.target} | {move.mark} |\n" for kind, table in machines.items() for move in table
    ]
    return "## Which status follows which\n\n| object | from | to | known by |\n|---|---|---|---|\n" + "".join(rows)


def _refusals(refusals: Iterable[Refusal]) -> str:
    rows = [
        f"| {refusal.status} | {_cell(refusal.message)} | {refusal.code or ''} | {refusal.mark} |\n" for refusal in refusals
    ]
    return "## Refusals\n\n| status | message | code | known by |\n|---|---|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> None:
    """Print the ledger, or write it where the second argument says."""
    if not 1 <= len(arguments) <= 2:
        sys.exit(__doc__)
    text = ledger(json.loads(Path(arguments[0]).read_text("utf-8")))
    if len(arguments) == 2:
        Path(arguments[1]).write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
