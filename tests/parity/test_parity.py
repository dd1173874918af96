"""`understudy.parity`: two apps, one script."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from openai import OpenAI

import understudy
from tests.parity.apps import INSTRUCTIONS, MODEL, QUESTIONS, NewApp, OldApp, new_async
from understudy import Fail, FunctionCall, Hang, Incomplete, Reply, ServerError
from understudy.types import Difference, ParityReport, Transcript

SCRIPT = (FunctionCall("get_weather", {"city": "Paris"}), Reply("Sunny."))


def kinds(report: ParityReport) -> list[str]:
    return [difference.kind for difference in report.differences]


def say(text: str, **more: Any) -> Any:
    """An app of one request."""
    return lambda: OpenAI().responses.create(model=MODEL, input=text, **more).output_text


def test_a_right_port_has_no_differences() -> None:
    """The same questions, calls, outputs and replies on either API are the same, whatever the requests."""
    report = understudy.parity(OldApp(), NewApp(), script=SCRIPT)
    assert report.same, report
    assert report.differences == []
    assert report
    report.check()
    assert isinstance(report.old, Transcript)
    assert report.old == report.new
    assert [entry.kind for entry in report.new][:7] == [
        *("user", "instructions", "tools", "call", "output", "reply", "outcome")
    ]
    assert len(report.old.turns) == 2
    assert report.sides[0].requests > report.sides[1].requests == 4


@pytest.mark.parametrize(
    "script",
    [
        (Reply("Hello."),),
        ([FunctionCall("get_weather", {"city": "Paris"}), FunctionCall("get_weather", {"city": "Rome"})], Reply("Both.")),
        (Reply("Let me see."), FunctionCall("get_weather", {"city": "Paris"}), Reply("Sunny.")),
        (Fail("rate_limit_exceeded", "Too many."),),
        (Reply("half a sen"), Incomplete("max_completion_tokens")),
        (FunctionCall("get_weather", {}), Fail("server_error", "Oops.")),
        (FunctionCall("get_wether", {}, hallucinated=True), Reply("Sunny.")),
        None,
    ],
    ids=["reply", "parallel", "text before a call", "failed", "incomplete", "failed later", "hallucinated", "default"],
)
@pytest.mark.parametrize("time", ["poll", "sleep"])
def test_every_end_is_the_same_on_both(script: Any, time: Any) -> None:
    """Whatever the model does and however it ends, a right port does what the old app did, in every virtual mode."""
    report = understudy.parity(OldApp(pause=time == "sleep"), NewApp(), script=script, time=time)
    assert report.same, report


def test_what_is_planted_is_named() -> None:
    """A call's output that the port gets wrong is one difference for each turn, with both sides' values."""
    report = understudy.parity(OldApp(), NewApp(output="rainy"), script=SCRIPT)
    assert not report.same
    assert not report
    assert report.differences == [Difference("output", turn, "sunny", "rainy") for turn in (1, 2)]
    with pytest.raises(AssertionError) as failed:
        report.check()
    assert str(failed.value) == str(report)
    assert "turn 1, output: old 'sunny', new 'rainy'" in str(report)
    assert "script=(FunctionCall('get_weather', {'city': 'Paris'}), Reply('Sunny.'))" in str(report)
    report.check(ignore=("output",))


def test_what_changes_within_a_turn_is_shown_in_its_place() -> None:
    """What a later request of a tool loop lacks is one marked row, beside what the other side has, before the calls."""
    lost = NewApp(QUESTIONS[:1], request=lambda turn, first: {} if first else {"tools": None, "instructions": None})
    report = understudy.parity(OldApp(QUESTIONS[:1]), lost, script=SCRIPT)
    rows = [line for line in str(report).splitlines() if " | " in line]
    marked = [line for line in rows if line.startswith("!")]
    assert [line.split()[1] for line in marked] == ["instructions", "tools"]
    assert "(empty)" in marked[0]
    assert "get_weather(city)" in marked[1]
    assert "(none)" in marked[1]
    assert [line[1:].split()[0] for line in rows][rows.index(marked[1]) + 1 :] == ["call", "output", "reply", "outcome"]


def test_what_is_the_same_is_shown_on_both_sides() -> None:
    """A row without a difference has both sides' words, in the text and in the page, whose columns are named."""
    report = understudy.parity(OldApp(QUESTIONS[:1]), NewApp(QUESTIONS[:1], output="rainy"), script=SCRIPT)
    rows = [[cell.strip() for cell in line.split(" | ")] for line in str(report).splitlines() if " | " in line]
    same = [row for row in rows if row[0].startswith(("user", "call", "reply"))]
    assert len(same) >= 3
    for row in same:
        assert row[0].split(maxsplit=1)[1] == row[1]
    assert repr(report) == "<ParityReport: 1 difference in 1 turn>"
    for kind in ("user", "call", "output", "reply"):
        for side in ("old", "new"):
            assert f'<div class="{kind}"><span class="side">{side}</span>' in report.html()


def test_texts_are_in_quotes_wherever_they_are() -> None:
    """In the list of differences every text is in quotes, alone or inside a message, a parameter, a context."""
    message = {"text": "Hi.", "files": ["a.txt"]}
    shown = [
        str(Difference("user", 1, "Hi.", message)),
        str(Difference("parameter", 1, {"effort": "low", "top_p": 0.5}, None)),
        str(Difference("result", None, "", ValueError("no"))),
    ]
    assert shown == [
        "turn 1, user: old 'Hi.', new 'Hi.' [files: 'a.txt']",
        "turn 1, parameter: old effort='low', top_p=0.5, new has nothing",
        "result: old '', new ValueError('no')",
    ]


def test_an_unknown_kind_to_ignore_is_refused() -> None:
    """`ignore=` takes kinds of differences; the nearest is named."""
    report = understudy.parity(OldApp(), NewApp())
    with pytest.raises(ValueError, match="'citation'"):
        report.check(ignore=("citations",))
    with pytest.raises(ValueError, match=r"expected kinds among [^?]*\.$"):  # nothing is near
        report.check(ignore="xyzzy")


def test_an_assert_shows_the_whole_report(pytester: pytest.Pytester) -> None:
    """`assert report.same, report` prints the report in full, not the beginning of its repr."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile("""
        import understudy
        from openai import OpenAI

        def say(text):
            return lambda: OpenAI().responses.create(model="gpt-4o-mini", input=text).output_text

        def test_it():
            report = understudy.parity(say("one" * 30), say("two" * 30), script=(understudy.Reply("x" * 200),))
            assert report.same, report
    """)
    result = pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*parity: 1 difference (user)*", "*turn 1, user: old 'one*", "*To reproduce:*"])


def test_what_the_apps_return_is_compared() -> None:
    """Results differ by their values; ids of objects do not count, and `normalize` may say what does not."""
    old, new = (
        (lambda: {"id": "thread_abcdefgh1234", "answer": "Yes"}),
        (lambda: {"id": "conv_ffff00001111", "answer": "yes"}),
    )
    report = understudy.parity(old, new)
    assert kinds(report) == ["result"]
    assert report.differences[0].turn is None
    assert report.differences[0].old == {"id": "thread_abcdefgh1234", "answer": "Yes"}
    assert understudy.parity(old, new, normalize=lambda result: result["answer"].lower()).same


def test_exceptions_are_results() -> None:
    """An app that raises ends with that: the same type with the same text is the same, another is a difference."""

    def raising(error: BaseException) -> Any:
        def app() -> None:
            raise error

        return app

    assert understudy.parity(raising(ValueError("no run_abcdefgh1234")), raising(ValueError("no resp_abcdefgh12345"))).same
    report = understudy.parity(raising(ValueError("no")), lambda: None)
    assert kinds(report) == ["result"]
    assert "raised ValueError: no" in str(report)
    assert kinds(understudy.parity(raising(ValueError("a")), raising(KeyError("a")))) == ["result"]
    assert understudy.parity(raising(SystemExit(1)), raising(SystemExit(1))).same


def test_what_the_sdk_raises_is_its_type_and_status() -> None:
    """Two services word a refusal in their own ways."""
    old = lambda: OpenAI().beta.threads.runs.retrieve("run_x", thread_id="thread_x")  # noqa: E731
    new = lambda: OpenAI().responses.retrieve("resp_x")  # noqa: E731
    assert understudy.parity(old, new).same


def test_citation_markers_in_results_are_citations() -> None:
    """Only the Assistants API writes markers: results that differ in them alone are of the kind `citation`."""
    report = understudy.parity(lambda: ["See 【4:0†notes.txt】."], lambda: ["See."])
    assert kinds(report) == ["citation"]
    report.check(ignore=("citation",))


async def test_async_apps_while_a_loop_runs() -> None:
    """Coroutine functions are awaited, in an async test, too."""
    time: Any

    async def old() -> list[str]:
        await asyncio.sleep(0)
        return await asyncio.to_thread(OldApp(pause=time == "sleep"))

    for time in ("poll", "sleep"):
        report = understudy.parity(old, new_async, script=(Reply("Sunny."),), time=time)  # type: ignore[arg-type]
        assert report.same, report


def test_async_apps_without_a_loop() -> None:
    """Coroutine functions get a loop; async generators are read to their end, and their texts joined."""

    async def pieces() -> Any:
        for text in await new_async():
            yield text

    report = understudy.parity(lambda: iter_of(OldApp()()), pieces, script=(Reply("Sunny."),))
    assert report.same, report


def iter_of(texts: list[str]) -> Any:
    yield from texts


def test_what_is_not_an_app_is_refused() -> None:
    """A coroutine, a value, or a function that needs arguments is refused before anything runs."""
    coroutine = new_async()
    with pytest.raises(TypeError, match="coroutine function itself"):
        understudy.parity(coroutine, NewApp())  # type: ignore[arg-type]
    coroutine.close()
    with pytest.raises(TypeError, match="lambda: app"):
        understudy.parity(OldApp(), lambda question: question)  # type: ignore[arg-type,misc]


def test_what_cannot_be_called_with_one_argument_is_refused() -> None:
    """`set_up` takes the backend, `normalize` a result: another function is refused before anything runs."""
    with pytest.raises(TypeError, match=r"set_up=.*one argument, the backend of a side, got .*too many positional"):
        understudy.parity(OldApp(), NewApp(), set_up=lambda: None)  # type: ignore[arg-type,misc]
    with pytest.raises(TypeError, match=r"normalize=.*one argument, a result, got 'lower' \(it is not callable\)"):
        understudy.parity(OldApp(), NewApp(), normalize="lower")  # type: ignore[arg-type]
    assert understudy.parity(OldApp(), NewApp(), normalize=str).same


def test_apps_of_one_name_are_told_apart_by_their_modules(pytester: pytest.Pytester) -> None:
    """The call that makes a report again names the modules of two apps that have the same name."""
    for module in ("old_app", "new_app"):
        pytester.makepyfile(**{module: f"def ask():\n    return {module!r}\n"})
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile("""
        import new_app, old_app, understudy

        def test_it():
            understudy.parity(old_app.ask, new_app.ask).check()
    """)
    result = pytester.runpytest("-p", "no:randomly")
    result.stdout.fnmatch_lines(["*understudy.parity(old_app.ask, new_app.ask)"])


def test_set_up_gets_each_backend() -> None:
    """`set_up` is called with the backend of either side: scripts by turn, objects with ids of their own, faults."""
    seen: list[Any] = []

    def set_up(backend: Any) -> None:
        seen.append(backend)
        backend.next_run(Reply("One."))
        backend.next_run(Reply("Two."))
        backend.fault(ServerError(), times=1)

    report = understudy.parity(OldApp(), NewApp(), set_up=set_up)
    assert report.same, report
    assert len(set(map(id, seen))) == 2
    assert [entry.value for entry in report.new if entry.kind == "reply"] == ["One.", "Two."]
    assert report.sides[0].retries == report.sides[1].retries == 1


def test_mistakes_of_the_test_are_raised() -> None:
    """A script that a side cannot perform is the test's mistake; which side it was is said."""
    with pytest.raises(understudy.UnderstudyError, match="Expire") as failed:
        understudy.parity(OldApp(), NewApp(), script=(understudy.Expire(),))
    assert "the new app" in "".join(failed.value.__notes__)
    with pytest.raises(understudy.UnderstudyError, match="script"):
        understudy.parity(lambda: None, lambda: None, set_up=lambda backend: backend.next_run(Reply("x")))


def test_a_turn_that_one_side_lacks_is_one_difference() -> None:
    """A port that asks less is told so turn by turn, and its unused script is no error of its own."""

    def set_up(backend: Any) -> None:
        backend.next_run(Reply("One."))
        backend.next_run(Reply("Two."))

    report = understudy.parity(OldApp(), NewApp(QUESTIONS[1:]), set_up=set_up)
    assert kinds(report)[0] == "user"
    assert report.differences[0] == Difference("user", 1, QUESTIONS[0], None, "only the old side has this turn")


def test_a_client_that_gives_up_and_tries_again_had_one_turn() -> None:
    """What the SDK sent again after its own time-out was said once; what never came is another end."""
    client = lambda: OpenAI(timeout=1, max_retries=1)  # noqa: E731

    def app() -> str:
        return client().responses.create(model=MODEL, input="Hello").output_text

    report = understudy.parity(app, app, script=(Hang(),), time="sleep")
    assert report.same, report
    assert [entry.value for entry in report.new] == ["Hello", "abandoned by the client"]


def test_history_is_what_the_model_sees() -> None:
    """Kept by the service or sent again, the history is the same; a port that forgets it differs in `user`."""

    def resending() -> list[str]:
        client, history, texts = OpenAI(), [], []
        for text in QUESTIONS:
            history.append({"role": "user", "content": text})
            response = client.responses.create(
                model=MODEL, input=history, store=False, instructions=INSTRUCTIONS, tools=TOOLS
            )
            history += [item.model_dump(exclude_none=True) for item in response.output]
            texts.append(response.output_text)
        return texts

    def in_a_conversation() -> list[str]:
        client = OpenAI()
        conversation = client.conversations.create()
        return [
            client.responses.create(
                model=MODEL, input=text, conversation=conversation.id, instructions=INSTRUCTIONS, tools=TOOLS
            ).output_text
            for text in QUESTIONS
        ]

    from tests.parity.apps import FUNCTION

    TOOLS: Any = [{"type": "function", **FUNCTION}]  # noqa: N806
    for app in (resending, in_a_conversation):
        report = understudy.parity(OldApp(), app)
        assert report.same, report
    forgetting = NewApp(request={"previous_response_id": None})
    report = understudy.parity(OldApp(), forgetting)
    assert kinds(report) == ["user"]
    assert report.differences[0].turn == 2


def test_a_transcript_survives_the_clean_up(understudy: Any) -> None:
    """What an app deletes at its end was said all the same; the backend of any test has its transcript."""
    client = understudy.client()
    assistant, thread = client.beta.assistants.create(model=MODEL), client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="Hello")
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    client.beta.threads.delete(thread.id)
    client.beta.assistants.delete(assistant.id)
    transcript = understudy.transcript()
    assert [entry.kind for entry in transcript] == ["user", "reply", "outcome"]
    assert transcript.api == "assistants"
    assert str(transcript).splitlines()[:2] == ["turn 1", "  user: Hello"]


def test_what_is_deleted_later_was_seen_all_the_same(understudy: Any) -> None:
    """A turn shows the messages that were there at its time, and not those that had been deleted before it."""
    client = understudy.client()
    understudy.next_run(Reply("Ada."))
    understudy.next_run(Reply("Paris."))
    assistant, thread = client.beta.assistants.create(model=MODEL), client.beta.threads.create()

    def ask(text: str) -> None:
        client.beta.threads.messages.create(thread.id, role="user", content=text)
        client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

    client.beta.threads.messages.delete(
        client.beta.threads.messages.create(thread.id, role="user", content="Oops.").id, thread_id=thread.id
    )
    ask("I am Ada. Who am I?")
    reply, question = client.beta.threads.messages.list(thread.id).data
    for message in (reply, question):
        client.beta.threads.messages.delete(message.id, thread_id=thread.id)
    ask("Where do I live?")
    for message in client.beta.threads.messages.list(thread.id).data:
        client.beta.threads.messages.delete(message.id, thread_id=thread.id)
    first, second = understudy.transcript().turns
    assert (first.said, first.context) == ("I am Ada. Who am I?", ())
    assert (second.said, second.context) == ("Where do I live?", ())


def test_an_item_deleted_later_was_seen_by_the_turns_before(understudy: Any) -> None:
    """So it is with a conversation: its items are in the turns before their deletion, in their order."""
    client = understudy.client()
    conversation = client.conversations.create()

    def said(text: str) -> Any:
        return {"type": "message", "role": "user", "content": text}

    mine = client.conversations.items.create(conversation.id, items=[said("I am Ada."), said("I live in Paris.")])
    for text in ("Who am I?", "Where do I live?"):
        client.responses.create(model=MODEL, input=text, conversation=conversation.id)
    client.conversations.items.delete(str(mine.data[0].id), conversation_id=conversation.id)
    client.responses.create(model=MODEL, input="Who am I now?", conversation=conversation.id)
    client.conversations.items.delete(str(mine.data[1].id), conversation_id=conversation.id)
    first, second, third = understudy.transcript().turns
    assert first.said == "I am Ada. I live in Paris. Who am I?"
    assert [message.text for message in second.context][:3] == ["I am Ada.", "I live in Paris.", "Who am I?"]
    assert [message.text for message in third.context][:2] == ["I live in Paris.", "Who am I?"]


def test_the_report_is_a_page(tmp_path: Any) -> None:
    """`write` gives one file with both sides, every difference in words, and nothing that is fetched."""
    report = understudy.parity(OldApp(("<b>Hi</b>",)), NewApp(("<b>Hi</b>",), output="rainy"), script=SCRIPT)
    page = report.write(tmp_path / "parity.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Hi" in page
    assert "<b>Hi" not in page
    assert "turn 1, output: old &#x27;sunny&#x27;, new &#x27;rainy&#x27;" in page
    assert 'class="row differs"' in page
    assert "http" not in page
    same = understudy.parity(OldApp(), NewApp()).write(tmp_path / "same.html").read_text(encoding="utf-8")
    assert "Nothing differs" in same
    assert "differs</div>" not in same
