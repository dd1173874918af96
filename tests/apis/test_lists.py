"""Laws that every list obeys, whatever it lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import openai
import pytest

from understudy._backend.backend import Backend


class Listed(NamedTuple):
    """A list of the API: how to add to it, ask for it, and delete from it."""

    add: Callable[[], str]
    ask: Callable[..., Any]
    delete: Callable[[str], Any]


def assistants(backend: Backend, client: Any) -> Listed:
    api = client.beta.assistants
    return Listed(lambda: api.create(model="gpt-4o").id, api.list, api.delete)


def messages(backend: Backend, client: Any) -> Listed:
    thread = client.beta.threads.create().id
    api = client.beta.threads.messages
    return Listed(
        lambda: api.create(thread, role="user", content="x").id,
        lambda **query: api.list(thread, **query),
        lambda id_: api.delete(id_, thread_id=thread),
    )


def vector_stores(backend: Backend, client: Any) -> Listed:
    api = client.vector_stores
    return Listed(lambda: api.create().id, api.list, api.delete)


def store_files(backend: Backend, client: Any) -> Listed:
    store = client.vector_stores.create().id
    api = client.vector_stores.files
    return Listed(
        lambda: api.create(store, file_id=backend.add_file().id).id,
        lambda **query: api.list(store, **query),
        lambda id_: api.delete(id_, vector_store_id=store),
    )


KINDS = [assistants, messages, vector_stores, store_files]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def listed(request: pytest.FixtureRequest, backend: Backend, client: Any) -> Listed:
    return request.param(backend, client)  # type: ignore[no-any-return]


def ids(page: Any) -> list[str]:
    return [item.id for item in page.data]


def test_an_empty_list_says_so(listed: Listed) -> None:
    """No data, no ids, nothing more, as recorded."""
    page = listed.ask()
    assert (page.data, page.has_more, page.first_id, page.last_id) == ([], False, None, None)


def test_the_newest_come_first_and_ties_keep_their_order(backend: Backend, listed: Listed) -> None:
    """Descending by default; items of one second keep the order they were made in."""
    made = []
    for seconds in (0, 0, 1, 0, 5):
        backend.clock.advance(seconds)
        made.append(listed.add())
    assert ids(listed.ask(order="asc")) == made
    assert ids(listed.ask()) == ids(listed.ask(order="desc")) == made[::-1]


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_make_up_the_list(listed: Listed, order: str, limit: int) -> None:
    """Following `after` from page to page gives every item once, in order; has_more is false exactly on the last."""
    made = [listed.add() for _ in range(7)]
    found: list[str] = []
    page = listed.ask(order=order, limit=limit)
    while True:
        found += ids(page)
        assert (page.first_id, page.last_id) == (ids(page)[0], ids(page)[-1])
        assert page.has_more == (len(found) < 7)
        if not page.has_more:
            break
        page = listed.ask(order=order, limit=limit, after=page.last_id)
    assert found == (made if order == "asc" else made[::-1])


def test_before_gives_what_stands_just_before(listed: Listed) -> None:
    """`before` gives the items that precede the cursor in listing order, nearest last."""
    one, two, three, four = (listed.add() for _ in range(4))
    assert ids(listed.ask(before=two, limit=1)) == [three]
    assert ids(listed.ask(before=one, limit=2)) == [three, two]
    assert ids(listed.ask(before=four)) == []
    assert ids(listed.ask(order="asc", before=three)) == [one, two]
    assert ids(listed.ask(after=four, before=one)) == [three, two]


def test_cursors_stand_while_items_come_and_go(listed: Listed) -> None:
    """A cursor stays good when its own item is deleted, and when others are added."""
    one, two, three = (listed.add() for _ in range(3))
    listed.delete(two)
    four = listed.add()
    assert ids(listed.ask(after=two)) == [one]
    assert ids(listed.ask(before=two)) == [four, three]


def test_an_unknown_cursor_is_refused(listed: Listed) -> None:
    """A cursor that never was an item of the list is 400."""
    with pytest.raises(openai.BadRequestError, match="no object found with id 'nope'"):
        listed.ask(after="nope")


def test_twenty_items_are_a_page(listed: Listed) -> None:
    """Without a limit a page has twenty items."""
    for _ in range(21):
        listed.add()
    page = listed.ask()
    assert (len(page.data), page.has_more) == (20, True)


def test_messages_of_one_run_can_be_listed(client: Any) -> None:
    """`run_id` gives the messages that the run wrote."""
    assistant = client.beta.assistants.create(model="gpt-4o")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "x"}]}
    )
    listed = client.beta.threads.messages.list(run.thread_id, run_id=run.id)
    assert [(message.role, message.run_id) for message in listed] == [("assistant", run.id)]
