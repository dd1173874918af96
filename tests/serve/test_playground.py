"""The playground in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from openai import OpenAI

from tests.browser import NEEDS_BROWSER, launched
from tests.serve.serving import Serve

QUESTION = "I need to solve the equation `3x + 11 = 14`. Can you help me?"
ANSWER = r"The solution to the equation \(3x + 11 = 14\) is \(x = 1\)."
INSTRUCTIONS = "Please address the user as Jane Doe. The user has a premium account."
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "playground.png"

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for the module: it takes a second to start."""
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Any, serve: Serve) -> Iterator[Any]:
    """The playground of a simulation of its own, at 1280 pixels; whatever the page complains of fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened, complaints = context.new_page(), []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("request", lambda sent: None if "//127.0.0.1:" in sent.url else complaints.append(sent.url))
    opened.goto(f"{serve()}/w/by-hand/")
    opened.wait_for_selector("body[data-ready=yes]")
    yield opened
    context.close()
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def make_assistant(page: Any, functions: str = "") -> None:
    page.get_by_label("Instructions", exact=True).fill("You are a maths tutor.")
    page.get_by_label("code_interpreter").check()
    page.get_by_label("Functions, one name per line").fill(functions)
    page.get_by_role("button", name="Create assistant").click()
    page.wait_for_selector("#assistants li")


def open_thread(page: Any, text: str) -> None:
    page.get_by_role("button", name="Open a thread").click()
    page.wait_for_selector("#add-message:enabled")
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Add message").click()
    page.wait_for_selector("#messages .user")


def add_move(page: Any, kind: str, **given: str) -> None:
    page.locator("#move-kind").select_option(kind)
    for name, value in given.items():
        page.fill(f"#move-{name}", value)
    page.get_by_role("button", name="Add the move").click()


def queue(page: Any) -> None:
    page.get_by_role("button", name="Queue the script").click()
    page.wait_for_selector("#scripts li")


def run_to(page: Any, status: str) -> None:
    page.get_by_role("button", name="Start a run").click()
    page.wait_for_selector(f"#run-status .{status}")


def wait_for_notice(page: Any, text: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator("#notice")).to_have_text(text)


def tutorial(page: Any) -> None:
    """The tutorial's whole conversation, to the answer."""
    make_assistant(page)
    open_thread(page, QUESTION)
    add_move(page, "Reply", text=ANSWER)
    queue(page)
    page.get_by_label("Instructions for this run").fill(INSTRUCTIONS)
    run_to(page, "completed")
    page.wait_for_selector("#messages .assistant")


def test_the_tutorials_conversation(page: Any, pytester: pytest.Pytester) -> None:
    """It is led to its answer by hand; the copied test is green, and what was shown is what was asked."""
    tutorial(page)
    shown = page.locator("#messages li p").all_inner_texts()
    assert shown == [QUESTION, ANSWER]
    names = page.locator("#timeline .of-run .chip").all_inner_texts()
    assert names == ["created", "queued", "in_progress", "completed"]
    page.wait_for_selector("#requests li:nth-child(7)")
    page.locator("#requests summary").last.click()
    assert '"name": "Math tutor"' in page.locator("#requests li").last.inner_text()
    if os.environ.get("UNDERSTUDY_PICTURES"):  # set by hand, when the page has changed
        page.locator("#requests summary").last.click()
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=PICTURE)
    page.get_by_role("button", name="Copy as Python test").click()
    page.wait_for_selector("#exported[open]")
    page.get_by_role("button", name="Copy", exact=True).click()
    page.wait_for_selector("#exported:not([open])", state="attached")
    code = page.evaluate("navigator.clipboard.readText()")
    assert f'instructions="{INSTRUCTIONS}"' in code
    assert "while run.status in ('queued', 'in_progress', 'cancelling'):" in code
    pytester.makeini("[pytest]\n")
    pytester.makepyfile(code)
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_copied_cassette_plays(page: Any, tmp_path: Path) -> None:
    """The copied cassette holds no key, and replays the conversation to a client."""
    from understudy import use_cassette

    tutorial(page)
    page.get_by_role("button", name="Copy as cassette").click()
    page.wait_for_selector("#exported[open]")
    text = page.input_value("#exported-text")
    assert "Bearer" not in text
    path = tmp_path / "by-hand.yaml"
    path.write_text(text)
    made = yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"]
    with use_cassette(path):
        client = OpenAI()
        assistant = client.beta.assistants.create(
            model="gpt-4o", name="Math tutor", instructions="You are a maths tutor.", tools=[{"type": "code_interpreter"}]
        )
        assert assistant.id in made
        thread = client.beta.threads.create()
        client.beta.threads.messages.create(thread.id, role="user", content=QUESTION)
        run = client.beta.threads.runs.create_and_poll(
            thread_id=thread.id, assistant_id=assistant.id, instructions=INSTRUCTIONS
        )
        assert run.status == "completed"
        assert client.beta.threads.messages.list(thread.id).data[0].content[0].text.value == ANSWER  # type: ignore[union-attr]


def test_calls_are_answered_by_hand(page: Any) -> None:
    """A run that waits shows its calls; what is filled in is what the reply uses, and markup stays text."""
    make_assistant(page, "get_weather")
    open_thread(page, "Paris?")
    add_move(page, "FunctionCall", name="get_weather", arguments='{"city": "Paris"}')
    add_move(page, "Reply", text="It is {outputs[0]} there.")
    queue(page)
    run_to(page, "requires_action")
    page.get_by_label('get_weather({"city":"Paris"})').fill("<b>sunny</b><img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Submit outputs").click()
    page.wait_for_selector("#run-status .completed")
    page.wait_for_selector("#messages .assistant")
    shown = page.locator("#messages .assistant p").inner_text()
    assert shown == "It is <b>sunny</b><img src=x onerror=alert(1)> there."
    assert page.locator("#messages b, #messages img, #timeline b, #requests img").count() == 0


def test_clock_fault_and_cancel(page: Any) -> None:
    """The clock is stepped by hand, a fault reaches the next poll as the page shows, and a run is cancelled."""
    make_assistant(page)
    open_thread(page, "Hi")
    page.locator("#mode").select_option("manual")
    page.get_by_label("poll automatically").uncheck()
    add_move(page, "Hang")
    queue(page)
    run_to(page, "queued")
    page.fill("#seconds", "30")
    page.get_by_role("button", name="Step the clock").click()
    page.wait_for_selector("#run-status .in_progress")
    page.locator("#fault-kind").select_option("ServerError")
    page.locator("#fault-on").select_option("runs.retrieve")
    page.get_by_role("button", name="Inject the fault").click()
    wait_for_notice(page, "Set: the next request that fits meets it")
    page.get_by_role("button", name="Poll once").click()
    page.wait_for_selector("#notice.error")
    assert page.locator("#notice").inner_text().startswith("500: ")
    page.get_by_role("button", name="Cancel").click()
    wait_for_notice(page, "")
    page.fill("#seconds", "30")
    page.get_by_role("button", name="Step the clock").click()
    page.wait_for_selector("#run-status .cancelled")


def test_the_id_is_copied(page: Any) -> None:
    """An assistant's id is copied by its button, as it is in OpenAI's playground."""
    make_assistant(page)
    page.get_by_role("button", name="Copy id").click()
    shown = page.locator("#assistants code").inner_text()
    wait_for_notice(page, f"Copied {shown}")
    assert page.evaluate("navigator.clipboard.readText()") == shown


def test_another_apps_run_is_seen_live(page: Any) -> None:
    """What an app does meanwhile in the same simulation appears by itself."""
    url = page.url.rstrip("/")
    client = OpenAI(base_url=f"{url}/v1", api_key="sk-app")
    assistant = client.beta.assistants.create(model="gpt-4o")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "From an app"}]}
    )
    page.wait_for_selector("#run-status .completed")
    assert page.locator("#run-status code").inner_text() == run.id
    page.wait_for_selector("#messages .assistant")
    assert "sk-app" not in page.content()


def test_narrow_dark_and_by_keyboard(page: Any) -> None:
    """At 390 pixels nothing sticks out, in the dark text stays legible, and a form is sent by the keyboard alone."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    make_assistant(page, "get_weather")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    ink, ground = [sum(map(int, colour[4:-1].split(","))) for colour in colours]
    assert ink - ground > 450
    page.get_by_role("button", name="Open a thread").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#add-message:enabled")
    page.get_by_label("Message", exact=True).focus()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#messages .user")
    assert page.locator("#messages p").inner_text() == "By keyboard"


def test_the_page_is_strict(serve: Serve) -> None:
    """Nothing inline, nothing from another host, no frame around it: its headers and its source say so."""
    url = serve()
    answer = httpx.get(f"{url}/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "style=" not in answer.text
    assert "onclick" not in answer.text
    for name in ("app.js", "api.js", "dom.js", "forms.js", "style.css"):
        source = httpx.get(f"{url}/playground/{name}").text
        assert "innerHTML" not in source
        assert "http" not in source.replace("http(", ""), name
    assert httpx.get(f"{url}/playground/../admin.py").status_code in (404, 501)
    assert httpx.get(f"{url}/w/x", follow_redirects=False).headers["location"] == "/w/x/"
