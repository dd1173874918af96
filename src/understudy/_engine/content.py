"""A message's content, made from a scripted reply: parts, annotations, pieces.

**Theory of operation.** A reply becomes parts: each text, with its citation markers turned into annotations, and each
image. `deltas` then cuts every text into the pieces that a stream sends, at the script's `chunks` or else word by word. The
cut keeps two laws: the pieces joined are the text, and an annotation travels with the piece that its marker ends in, so a
client never gets an annotation before its text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from understudy._engine.items import Annotation, Cut, ImageFile, MessageDelta, Text, cut
from understudy._engine.ports import EnginePorts, image_id

if TYPE_CHECKING:
    from understudy._engine.moves.reply import Reply

WORDS = re.compile(r"\s*\S+|\s+$")
_MARKER = re.compile(r"【[^】]*】|sandbox:/mnt/data/[^\s)\]]+")


def deltas(ports: EnginePorts, move: Reply, at: float) -> Sequence[MessageDelta]:
    """Return the pieces in which a reply is sent, in order.

    Joined, they are its content.
    """
    if move.text is not None and not move.citations and not move.images:
        return _deltas_of_text(move.text, move.chunks)
    found = []
    for index, part in enumerate(_parts(ports, move, at)):
        annotations = 0
        for number, piece in enumerate(_pieces(part, move)):
            found.append(MessageDelta(index, piece, number == 0, annotations))
            annotations += len(piece.annotations) if isinstance(piece, Text) else 0
    return found


@lru_cache(maxsize=256)  # values that are the same for every execution of a script
def _deltas_of_text(text: str, chunks: Sequence[str] | None) -> Cut:
    pieces = _cut(Text(text), WORDS.findall(text) if chunks is None else chunks)
    return cut([MessageDelta(0, piece, number == 0) for number, piece in enumerate(pieces)])


def _pieces(part: Text | ImageFile, move: Reply) -> Sequence[Text | ImageFile]:
    if isinstance(part, ImageFile):
        return [part]
    return _cut(part, move.chunks if move.chunks is not None and move.parts is None else _words(part))


def _joined(text: Any, piece: Any) -> Text:
    return Text(text.value + piece.value, text.annotations + piece.annotations)


def _parts(ports: EnginePorts, move: Reply, at: float) -> list[Text | ImageFile]:
    parts: list[Text | ImageFile] = []
    given = move.parts if move.parts is not None else (move.text or "",)
    citations = list(move.citations)
    for part in given:
        if isinstance(part, str):
            parts.append(_annotated(part, citations))
        else:
            parts.append(ImageFile(ports.add_image(part, at)))
    if citations:  # those without a marker in the text
        last = max((place for place, part in enumerate(parts) if isinstance(part, Text)), default=None)
        assert last is not None  # see Reply.check
        text: Any = parts[last]
        names = [f"【4:{number}†{ports.file_name(file_id)}】" for number, file_id in enumerate(citations)]
        parts[last] = _joined(text, _annotated("".join(names), citations, len(text.value)))
    parts += [ImageFile(image_id(ports, image, at)) for image in move.images]
    return parts


def _annotated(value: str, citations: list[str], offset: int = 0) -> Text:
    """Annotate each marker in a text with the next citation, which it takes."""
    annotations = []
    for match in _MARKER.finditer(value):
        if not citations:
            break
        file_id = citations.pop(0)
        kind = "file_path" if match[0].startswith("sandbox:") else "file_citation"
        start, end = offset + match.start(), offset + match.end()
        annotations.append(Annotation(kind=kind, text=match[0], start=start, end=end, file_id=file_id))
    return Text(value, tuple(annotations))


def _words(text: Text) -> list[str]:
    """Return the text word by word; joined, the words are the text.

    A citation marker is a piece of its own, as recorded. [REC]
    """
    pieces: list[str] = []
    position = 0
    for annotation in text.annotations:
        pieces += WORDS.findall(text.value[position : annotation.start])
        pieces.append(text.value[annotation.start : annotation.end])
        position = annotation.end
    return pieces + WORDS.findall(text.value[position:])


def _cut(text: Text, chunks: Sequence[str]) -> list[Text]:
    """Cut a text into pieces, each with the annotations that end in it."""
    if not text.annotations:  # the common case
        pieces = [Text(chunk) for chunk in chunks]
        rest_of_text = text.value[sum(map(len, chunks)) :]
        return [*pieces, Text(rest_of_text)] if rest_of_text or not pieces else pieces
    pieces = []
    position = 0
    for chunk in chunks:
        end = position + len(chunk)
        pieces.append(Text(chunk, tuple(a for a in text.annotations if position < a.end <= end)))
        position = end
    if position < len(text.value) or not pieces:  # a citation's marker, appended after the chunks
        rest = tuple(a for a in text.annotations if position < a.end)
        pieces.append(Text(text.value[position:], rest))
    return pieces
