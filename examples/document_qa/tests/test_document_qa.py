"""The shelf, on a simulated service that keeps files, indexes them, and really searches them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.beta.threads.text import Text

from document_qa import Answer, NoAnswer, NotReadable, Shelf, footnoted
from understudy import Backend, CodeInterpreter, Fail, FileSearch, Reply, SearchResult

PNG = b"\x89PNG\r\n\x1a\n a chart"


@pytest.fixture
def shelf(understudy: Backend, tmp_path) -> Shelf:
    (tmp_path / "menu.txt").write_text("On Monday there is soup. On Tuesday there is cake.")
    (tmp_path / "rules.md").write_text("Cake is for members. Soup is for everybody.")
    shelf = Shelf()
    shelf.add([tmp_path / "menu.txt", tmp_path / "rules.md"])
    return shelf


def id_of(understudy: Backend, name: str) -> str:
    (found,) = [file.id for file in understudy.files if file.filename == name]
    return found


def test_footnotes(understudy: Backend, shelf: Shelf):
    menu, rules = id_of(understudy, "menu.txt"), id_of(understudy, "rules.md")
    text = "On Tuesday【4:0†menu.txt】, for members【4:1†rules.md】. Not on Monday【4:0†menu.txt】."
    understudy.next_run(FileSearch(query="cake"), Reply(text, citations=[menu, rules, menu]))
    answer = shelf.ask("When is there cake?")
    assert answer == Answer("On Tuesday[1], for members[2]. Not on Monday[1].", ("menu.txt", "rules.md"))
    assert str(answer).splitlines()[1:] == ["[1] menu.txt", "[2] rules.md"]


def test_the_search_finds_what_is_in_the_documents(understudy: Backend, shelf: Shelf):
    """Nothing says what is found: the passages come out of the files that the app put on the shelf."""
    understudy.next_run(FileSearch(query="everybody soup"), Reply("For everybody."))
    shelf.ask("Who gets soup?")
    (run,) = understudy.runs
    assert "file_search, 2 result(s)" in str(understudy.timeline(run.id))


def test_results_of_a_document_that_nobody_can_read_here(understudy: Backend, shelf: Shelf, tmp_path):
    """A PDF is not searched by the simulator: the test says what is found in it."""
    (tmp_path / "statutes.pdf").write_bytes(b"%PDF-1.7 ...")
    shelf.add([tmp_path / "statutes.pdf"])
    statutes = id_of(understudy, "statutes.pdf")
    found = SearchResult(statutes, score=0.9, text="Members pay on the first of January.")
    understudy.next_run(FileSearch([found]), Reply("In January【4:0†statutes.pdf】.", citations=[statutes]))
    assert shelf.ask("When do members pay?") == Answer("In January[1].", ("statutes.pdf",))


def test_charts_are_fetched(understudy: Backend, shelf: Shelf):
    understudy.next_run(CodeInterpreter("plot(cakes)"), Reply("More every week:", images=[PNG]))
    assert shelf.ask("How much cake?") == Answer("More every week:", charts=(PNG,))


def test_documents_that_cannot_be_indexed_are_named(understudy: Backend, shelf: Shelf, tmp_path):
    understudy.fail_file("scan.pdf", "invalid_file", message="The file is damaged.")
    (tmp_path / "scan.pdf").write_bytes(b"...")
    (tmp_path / "more.txt").write_text("More.")
    with pytest.raises(NotReadable, match=r"^scan[.]pdf: The file is damaged[.]$"):
        shelf.add([tmp_path / "scan.pdf", tmp_path / "more.txt"])
    assert understudy.vector_stores[0].file_counts.completed == 3


def test_a_failed_run_is_no_answer(understudy: Backend, shelf: Shelf):
    understudy.next_run(Fail("rate_limit_exceeded", "You exceeded your current quota."))
    with pytest.raises(NoAnswer, match="quota"):
        shelf.ask("When is there cake?")


def test_a_shelf_that_nobody_used_for_a_week_is_gone(understudy: Backend, shelf: Shelf):
    understudy.clock.advance(8 * 24 * 3600)
    assert understudy.vector_stores[0].status == "expired"


def test_nothing_is_left_behind(understudy: Backend, shelf: Shelf):
    shelf.clear()
    assert (understudy.files, understudy.vector_stores) == ([], [])


@given(st.lists(st.tuples(st.text(max_size=5), st.sampled_from(["file-a", "file-b"]))), st.text(max_size=5))
def test_only_markers_are_replaced(passages, rest):
    """Whatever stands around the markers stays, in any script and of any length."""
    value, annotations = "", []
    for before, file_id in passages:
        value += before
        marker = "【4:0†source】"
        where = {"start_index": len(value), "end_index": len(value) + len(marker)}
        annotations.append({"type": "file_citation", "text": marker, "file_citation": {"file_id": file_id}, **where})
        value += marker
    cited: list[str] = []
    text = footnoted(Text.model_validate({"value": value + rest, "annotations": annotations}), cited)
    assert text == "".join(f"{before}[{cited.index(file_id) + 1}]" for before, file_id in passages) + rest
    assert cited == list(dict.fromkeys(file_id for _, file_id in passages))
