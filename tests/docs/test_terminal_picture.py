"""docs/pictures/show.svg is what `understudy show` prints."""

from __future__ import annotations

from tools.terminal_picture import PICTURE, picture


def test_the_picture_is_up_to_date() -> None:
    """The picture is what `python -m tools.terminal_picture` draws now."""
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run python -m tools.terminal_picture"
