"""CPU per replayed request: cassettes of 10 to 10,000 exchanges, beside vcrpy and the SDK's floor; loading; a polled run."""

from __future__ import annotations

import gc
import itertools
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import yaml
from apps import floor, ours
from measure import cpu_each, heading, in_short, low, row, settled_memory, turns
from openai import OpenAI

import understudy

ROUNDS = {10: 600, 100: 60, 1_000: 6, 10_000: 1}  # by size: 6,000 requests of each at least, over some seconds
AT_A_TIME = 5  # requests, until it is another's turn
VCRPYS_ROUNDS = {10: 10, 100: 3, 1_000: 1}  # beyond that vcrpy takes minutes
LOADS = 40  # of a cassette, by each
HEADERS = {"content-type": ["application/json"], "openai-version": ["2020-10-01"]}


def interaction(method: str, path: str, body: Any, answer: str) -> dict[str, Any]:
    return {
        "request": {
            "method": method,
            "uri": f"https://api.openai.com/v1{path}",
            "body": body,
            "headers": {"openai-beta": ["assistants=v2"]},
        },
        "response": {"status": {"code": 200, "message": "OK"}, "headers": HEADERS, "body": {"string": answer}},
    }


class AsRecorded(yaml.CSafeDumper):
    """Writes what stands twice in memory twice, as in a recording, where each exchange has headers of its own."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def cassette(directory: Path, size: int, answer: str) -> Path:
    """A recording of creating `size` threads, each with metadata of its own."""
    bodies = [f'{{"metadata":{{"number":"{number}"}}}}' for number in range(size)]  # as the SDK writes them
    path = directory / f"{size}.yaml"
    interactions = [interaction("POST", "/threads", body, answer) for body in bodies]
    path.write_text(yaml.dump({"version": 1, "interactions": interactions}, Dumper=AsRecorded))
    return path


def creating(client: OpenAI) -> Any:
    """Work that creates so many threads more, numbered on."""
    numbers = itertools.count()

    def work(count: int) -> None:
        for number in itertools.islice(numbers, count):
            client.beta.threads.create(metadata={"number": str(number)})

    return work


def replayed(cassette: Any, size: int) -> float:
    """CPU microseconds of each of a cassette's requests; loading it is not counted."""
    with cassette:
        return cpu_each(creating(OpenAI()), size)


def in_turns(path: Path, size: int, rounds: int, canned: OpenAI) -> tuple[float, float, float | None]:
    """CPU microseconds of a request: the floor, ours, both in turn, and vcrpy's; None for what takes vcrpy too long."""
    floors: list[float] = []
    own: list[float] = []
    with settled_memory():
        for _ in range(rounds):
            with understudy.use_cassette(path):
                sides = {"floor": (floors, creating(canned)), "ours": (own, creating(OpenAI()))}
                for name in turns(list(sides), size // AT_A_TIME):
                    samples, work = sides[name]
                    samples.append(cpu_each(work, AT_A_TIME))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [replayed(by_vcrpy(path), size) for _ in range(VCRPYS_ROUNDS.get(size, 0))]
    return low(floors), low(own), low(theirs) if theirs else None


def by_vcrpy(path: Path) -> Any:
    import vcr

    return vcr.use_cassette(str(path), record_mode="none", match_on=["method", "path", "body"])


def main() -> None:
    answer = ours()[0].beta.threads.with_raw_response.create().text
    canned = floor(answer.encode(), {"content-type": "application/json"})
    creating(canned)(100)
    heading("replayed requests", "floor CPU µs", "ours", "ratio", "vcrpy", "ratio")
    ratios: list[str] = []
    their_ratios: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for size, rounds in ROUNDS.items():
            base, own, theirs = in_turns(cassette(directory, size, answer), size, rounds, canned)
            compared = (theirs, f"{theirs / base:.1f}") if theirs is not None else ("-", "-")
            ratios.append(f"{own / base:.2f}x")
            their_ratios.append("not tried" if theirs is None else f"{theirs / base:.1f}x")
            row(f"{size:,}", base, own, f"{own / base:.2f}", *compared)
        sizes = " / ".join(f"{size:,}" for size in ROUNDS)
        what = f"a replayed request in a cassette of {sizes}, over the floor"
        in_short(what, " / ".join(ratios), goal="1.3x, flat", beside=f"vcrpy {' / '.join(their_ratios)}")
        loading(directory)
        polled_run(directory)


def loading(directory: Path) -> None:
    """CPU of loading a cassette of 1,000 exchanges."""
    import vcr.cassette

    from understudy._cassettes import load

    path = directory / "1000.yaml"

    def ours(count: int) -> None:
        for _ in range(count):
            load(path)

    def vcrpys(count: int) -> None:
        for _ in range(count):
            vcr.cassette.Cassette.load(path=str(path))

    works = {"ours": ours, "vcrpy": vcrpys}
    samples: dict[str, list[float]] = {who: [] for who in works}
    for who in turns(list(works), LOADS):
        gc.collect()  # those that follow, of everything there is, are part of what loading costs
        samples[who].append(cpu_each(works[who], 1))
    own, theirs = (low(values) for values in samples.values())
    heading("load 1,000 exchanges", "CPU ms", "ratio to vcrpy")
    row("ours", own / 1000, f"{own / theirs:.2f}")
    row("vcrpy", theirs / 1000, "1.00")
    beside = f"vcrpy {theirs / 1e6:.2f} s"
    in_short(
        "loading a cassette of 1,000 exchanges, over vcrpy",
        f"{own / theirs:.2f}x ({own / 1e6:.2f} s)",
        goal="0.35x",
        beside=beside,
    )


def polled_run(directory: Path) -> None:
    """Wall seconds of a recorded run of 20 polls, replayed with the SDK's poller at its defaults."""
    client, _, thread_id, run_id = ours()
    done = json.loads(client.beta.threads.runs.with_raw_response.retrieve(run_id, thread_id=thread_id).text)
    going = done | {"status": "in_progress", "completed_at": None, "usage": None, "expires_at": done["created_at"] + 600}
    path = f"/threads/{thread_id}/runs"
    states = [going] * 20 + [done]
    interactions = [interaction("POST", path, json.dumps({"assistant_id": done["assistant_id"]}), json.dumps(going))]
    interactions += [interaction("GET", f"{path}/{run_id}", None, json.dumps(state)) for state in states]
    file = directory / "polled.yaml"
    file.write_text(yaml.dump({"version": 1, "interactions": interactions}, Dumper=AsRecorded))
    start = time.perf_counter()
    with understudy.use_cassette(file):
        run = OpenAI().beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=done["assistant_id"])
    assert run.status == "completed"
    heading("a recorded run of 20 polls, SDK defaults", "wall s")
    took = time.perf_counter() - start
    row("ours", f"{took:.3f}")
    in_short("a recorded run of 20 polls, the SDK's poller at its defaults", f"{took:.2f} s", goal="0.1 s")


if __name__ == "__main__":
    main()
