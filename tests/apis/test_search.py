from __future__ import annotations

from typing import Any

import openai
import pytest

from understudy._backend.backend import Backend


@pytest.fixture
def store(backend: Backend, client: Any) -> str:
    """A store of three files about fruit, with attributes."""
    made = client.vector_stores.create()
    for name, text, attributes in (
        ("apples.txt", "Red apples and green apples.", {"year": 2023, "kind": "tree"}),
        ("berries.md", "Red berries.", {"year": 2024, "kind": "bush"}),
        ("pears.txt", "Pears are green.", {"kind": "tree"}),
    ):
        file = backend.add_file(filename=name, content=text)
        client.vector_stores.files.create_and_poll(file.id, vector_store_id=made.id, attributes=attributes)
    return str(made.id)


def names(found: Any) -> list[str]:
    return [hit.filename for hit in found]


def test_the_score_is_the_share_of_the_querys_words(client: Any, store: str) -> None:
    """Hits are ordered by score, ties by the order of the files; what shares no word is not found."""
    found = list(client.vector_stores.search(store, query="GREEN apples?"))
    assert [(hit.filename, hit.score) for hit in found] == [("apples.txt", 1.0), ("pears.txt", 0.5)]
    assert found[0].content[0].text == "Red apples and green apples."
    assert found[0].attributes == {"year": 2023, "kind": "tree"}
    assert list(client.vector_stores.search(store, query="potatoes")) == []


def test_the_page_says_what_was_searched_for(client: Any, store: str) -> None:
    """`search_query` is a list of the queries, rewritten or not; there is one page."""
    raw = client.vector_stores.with_raw_response.search(store, query=["red", "green"], rewrite_query=True)
    page = raw.http_response.json()
    assert list(page) == ["object", "search_query", "data", "has_more", "next_page"]
    assert (page["search_query"], page["has_more"], page["next_page"]) == (["red", "green"], False, None)
    assert len(page["data"]) == 3


def test_results_are_limited_by_number_and_score(client: Any, store: str) -> None:
    """`max_num_results` and `score_threshold` cut the list."""
    assert len(list(client.vector_stores.search(store, query="red green", max_num_results=1))) == 1
    threshold = {"score_threshold": 0.6}
    assert names(client.vector_stores.search(store, query="green apples", ranking_options=threshold)) == ["apples.txt"]
    with pytest.raises(openai.BadRequestError, match="Expected a value <= 50, but got 51"):
        client.vector_stores.search(store, query="x", max_num_results=51)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"type": "eq", "key": "kind", "value": "tree"}, ["apples.txt", "pears.txt"]),
        ({"type": "ne", "key": "year", "value": 2023}, ["berries.md", "pears.txt"]),
        ({"type": "gt", "key": "year", "value": 2023}, ["berries.md"]),
        ({"type": "gte", "key": "year", "value": 2023}, ["apples.txt", "berries.md"]),
        ({"type": "lt", "key": "year", "value": 2024}, ["apples.txt"]),
        ({"type": "lte", "key": "kind", "value": 3}, []),
        ({"type": "in", "key": "year", "value": [2024, 1999]}, ["berries.md"]),
        ({"type": "nin", "key": "kind", "value": ["bush"]}, ["apples.txt", "pears.txt"]),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "eq", "key": "kind", "value": "tree"},
                    {"type": "or", "filters": [{"type": "eq", "key": "year", "value": 2023}]},
                ],
            },
            ["apples.txt"],
        ),
    ],
)
def test_filters_compare_attributes(client: Any, store: str, filters: Any, expected: list[str]) -> None:
    """Comparisons and compounds of them choose files by their attributes."""
    assert sorted(names(client.vector_stores.search(store, query="red green", filters=filters))) == expected


def test_a_wrong_filter_is_refused(client: Any, store: str) -> None:
    """Unknown comparisons, missing keys and endless nesting are refused."""
    deep: Any = {"type": "eq", "key": "a", "value": 1}
    for _ in range(50):
        deep = {"type": "and", "filters": [deep]}
    for wrong in (
        {"type": "like", "key": "a", "value": 1},
        {"type": "eq", "key": "a"},
        {"type": "in", "key": "a", "value": 1},
        deep,
    ):
        with pytest.raises(openai.BadRequestError):
            client.vector_stores.search(store, query="x", filters=wrong)


def test_long_texts_are_cut_into_overlapping_passages(backend: Backend, client: Any) -> None:
    """A file is searched passage by passage, as its chunking strategy cuts it."""
    file = backend.add_file(content=" ".join(f"w{n}" for n in range(250)))
    store = client.vector_stores.create()
    static = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, chunking_strategy=static)
    found = list(client.vector_stores.search(store.id, query="w60"))
    assert [hit.content[0].text.split()[0] for hit in found] == ["w0", "w50"]
    assert [len(hit.content[0].text.split()) for hit in found] == [100, 100]


def test_an_empty_file_is_found_by_nothing(backend: Backend, client: Any) -> None:
    """A file without a word is indexed like any other, and is no hit."""
    file = backend.add_file(content=" \n")
    made = client.vector_stores.create()
    assert client.vector_stores.files.create_and_poll(file.id, vector_store_id=made.id).status == "completed"
    assert list(client.vector_stores.search(made.id, query="red")) == []


def test_files_still_being_indexed_are_not_found(backend: Backend, client: Any) -> None:
    """A search finds what is indexed, and fails for nobody."""
    made = client.vector_stores.create(file_ids=[backend.add_file(content="red").id])
    assert list(client.vector_stores.search(made.id, query="red")) == []
