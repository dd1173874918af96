"""The tutor, on a simulated service and on a recording. Its sleeping between polls moves a virtual clock: nothing waits."""

import pytest

import tutor
from tutor import Answer, Tutor, TutorBusy, TutorUnavailable
from understudy import Backend, Expire, Fail, Incomplete, RateLimited, Reply, Wait

on_the_virtual_clock = pytest.mark.understudy(time="sleep")


@pytest.mark.cassette("one_equation.yaml")
def test_recorded(monkeypatch):
    """What the service once answered, the tutor still answers; it may poll as often as it likes."""
    monkeypatch.setattr(tutor, "SECONDS_BETWEEN_POLLS", 0)
    answer = Tutor().ask("Solve 3x + 11 = 14.")
    assert answer == Answer("Subtract 11: 3x = 3. Divide by 3: x = 1.")


@on_the_virtual_clock
def test_answers(understudy: Backend):
    understudy.next_run(Reply("x = 1"))
    assert Tutor().ask("Solve 3x + 11 = 14.") == Answer("x = 1")


@on_the_virtual_clock
def test_one_conversation_is_one_thread(understudy: Backend):
    understudy.next_run(Reply("x = 1"))
    understudy.next_run(Reply("Because 3 + 11 = 14."))
    conversation = Tutor()
    conversation.ask("Solve 3x + 11 = 14.")
    assert conversation.ask("Why?") == Answer("Because 3 + 11 = 14.")
    (thread,) = understudy.threads
    assert [message.role for message in understudy.messages(thread.id)] == ["user", "assistant", "user", "assistant"]


@on_the_virtual_clock
def test_an_assistant_of_the_playground(understudy: Backend):
    made_by_hand = understudy.add_assistant(name="The school's own tutor")
    Tutor(assistant_id=made_by_hand.id).ask("2 + 2?")
    assert [run.assistant_id for run in understudy.runs] == [made_by_hand.id]


@on_the_virtual_clock
def test_a_slow_answer_is_waited_for(understudy: Backend):
    understudy.next_run(Wait(seconds=300), Reply("At last."))
    assert Tutor().ask("Prove it.") == Answer("At last.")
    assert understudy.clock.now() > understudy.runs[0].created_at + 300


@on_the_virtual_clock
def test_an_expired_run_is_tried_once_more(understudy: Backend):
    understudy.next_run(Expire())
    understudy.next_run(Reply("x = 1"))
    assert Tutor().ask("Solve 3x + 11 = 14.") == Answer("x = 1")
    assert [run.status for run in understudy.runs] == ["expired", "completed"]


@on_the_virtual_clock
def test_but_not_twice(understudy: Backend):
    understudy.every_run(Expire())
    with pytest.raises(TutorUnavailable, match="The run is expired"):
        Tutor().ask("Solve 3x + 11 = 14.")
    assert len(understudy.runs) == 2


@on_the_virtual_clock
def test_half_an_answer_is_marked(understudy: Backend):
    understudy.next_run(Reply("First, subtract"), Incomplete("max_completion_tokens"))
    assert Tutor().ask("Solve 3x + 11 = 14.") == Answer("First, subtract", complete=False)


@on_the_virtual_clock
@pytest.mark.parametrize(("code", "raised"), [("rate_limit_exceeded", TutorBusy), ("server_error", TutorUnavailable)])
def test_failures(understudy: Backend, code, raised):
    understudy.next_run(Fail(code, "Something is wrong."))
    with pytest.raises(raised, match="Something is wrong"):
        Tutor().ask("Solve 3x + 11 = 14.")


@on_the_virtual_clock
def test_a_full_house_is_waited_out(understudy: Backend):
    """The SDK retries a 429 by itself, and keeps to the `retry-after` that came with it."""
    understudy.fault(RateLimited(retry_after=20), on="runs.create")
    understudy.next_run(Reply("x = 1"))
    assert Tutor().ask("Solve 3x + 11 = 14.") == Answer("x = 1")
    understudy.client_misuse().check()


@on_the_virtual_clock
def test_on_the_command_line(understudy: Backend, capsys):
    understudy.next_run(Reply("x = 1"))
    understudy.next_run(Fail())
    assert tutor.main(["Solve 3x + 11 = 14.", "And x² = 2?"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "x = 1\n"
    assert printed.err == "No answer: Sorry, something went wrong.\n"
