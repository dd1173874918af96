"""Draw the output of `understudy show` as docs/pictures/show.svg.

`python -m tools.terminal_picture`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from understudy._cassettes.load import contents_of
from understudy._inspect.terminal import Row, cut
from understudy._inspect.text import rows
from understudy._inspect.view import view_of

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "show.svg"
CASSETTE = "cassettes/tutorial.yaml"
COLUMNS = 90
LOOKED_AT = 1_795_708_800  # 2026-11-26, so that the age in the picture stays
_ADVANCE, _LINE, _MARGIN = 8.4, 19, 16  # pixels: of a character, a line, and around the text
_NO_BREAK = "\N{NO-BREAK SPACE}"  # other spaces in a row are drawn as one
_COLOURS = {
    "": "#e4e7eb",
    "bold": "#ffffff",
    "dim": "#9aa5b1",
    "red": "#ff8f85",
    "green": "#7ddc9f",
    "yellow": "#f0c05a",
    "blue": "#8ab4f8",
    "magenta": "#d7a6ff",
    "cyan": "#7fd6e0",
}


def picture() -> str:
    """Return the tutorial's recording as a terminal of 90 columns shows it, as SVG."""
    contents = contents_of(ROOT / CASSETTE)
    view = view_of(Path(CASSETTE), contents.interactions, LOOKED_AT, contents)
    return _drawn([tuple(cut(row, COLUMNS)) for row in rows(view, COLUMNS)])


def _drawn(lines: list[Row]) -> str:
    width, height = round(COLUMNS * _ADVANCE + 2 * _MARGIN), len(lines) * _LINE + 2 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"',
            ' font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
            f"<title>understudy show {CASSETTE}</title>",
            '<rect width="100%" height="100%" rx="8" fill="#14191f"/>',
            *_texts(lines),
            "</svg>\n",
        ]
    )


def _texts(lines: Iterable[Row]) -> Iterator[str]:
    for number, row in enumerate(lines):
        column = 0
        for text, style in row:
            if text.strip():
                indent = len(text) - len(text.lstrip())
                x, y = round(_MARGIN + (column + indent) * _ADVANCE, 1), _MARGIN + _LINE * number + 14
                length = round(len(text.strip()) * _ADVANCE, 1)
                weight = ' font-weight="bold"' if style == "bold" else ""
                place = f'x="{x}" y="{y}" textLength="{length}"{weight}'
                yield f'<text {place} fill="{_COLOURS[style]}">{escape(text.strip()).replace(" ", _NO_BREAK)}</text>'
            column += len(text)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
