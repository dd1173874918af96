"""Import of another recorder's file: it becomes a new cassette.

The cassette is beside it or elsewhere. The original is only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from understudy._cassettes.atomic_files import write_whole
from understudy._cassettes.cleaning import changes, cleaned, listed
from understudy._cassettes.dump import dump
from understudy._cassettes.load import Contents, contents_of, parse
from understudy._cassettes.secrets import Scrubber
from understudy.errors import CassetteError

_WRAPPINGS = (".gz", ".yaml", ".yml", ".json", ".toml", ".har")


@dataclass(frozen=True)
class ImportedCassette:
    """The result of importing a file.

    Attributes:
        original: what was read.
        path: of the new cassette.
        cleanings: where secrets were scrubbed, see `listed`.
    """

    original: Contents
    path: Path
    cleanings: tuple[str, ...]


def import_cassette(path: Path, folder: Path | None, scrubber: Scrubber) -> ImportedCassette:
    """Write the exchanges of a file as a new cassette.

    Args:
        path: of the file; it is not changed.
        folder: where to write the cassette; None for beside the file.
        scrubber: takes the secrets out.

    Raises:
        CassetteError: the file cannot be read or is empty, or a cassette of that name already exists.
    """
    contents = contents_of(path)
    if not contents.interactions:
        raise CassetteError(f"{path}: it has no exchanges, so there is nothing to import.")
    target = _target(path, folder or path.parent)
    clean = [cleaned(one, scrubber) for one in contents.interactions]
    text = dump(clean, target)
    found = scrubber.find(text)
    if found:
        lines = "\n".join(f"  line {line}: {hint}" for line, hint in found[:10])
        raise CassetteError(
            f"{path} was not imported: {target} would still contain secrets after scrubbing:\n{lines}\n"
            "Name them: --scrub PATTERN."
        )
    if parse(text, target) != clean:
        raise CassetteError(f"{path} was not imported: what would be written could not be read back unchanged")
    write_whole(target, text)
    changed = {one.index: changes(one, new) for one, new in zip(contents.interactions, clean, strict=True)}
    return ImportedCassette(contents, target, listed(changed))


def _target(path: Path, folder: Path) -> Path:
    stem = path.name
    while (suffix := Path(stem).suffix.lower()) in _WRAPPINGS and Path(stem).stem:
        stem = stem[: -len(suffix)]
    target = next(name for name in _names(folder, stem) if not _is_same(name, path))
    if target.exists():
        raise CassetteError(
            f"{path} was not imported: there is a file {target} already. Move it away, or name another folder: -o DIR"
        )
    return target


def _names(folder: Path, stem: str) -> Iterator[Path]:
    yield folder / f"{stem}.yaml"
    yield folder / f"{stem}.imported.yaml"


def _is_same(target: Path, original: Path) -> bool:
    return target.exists() and target.samefile(original)
