"""Hooks of the documentation site.

Pages that are outside `docs/` are pages of the site as well.

The examples' READMEs, COVERAGE.md and CONTRIBUTING.md stay where a reader of the repository looks for them. A link that
leads out of `docs/`, or from such a page into it, is rewritten to the page of the site. A link to a file that has no page
becomes its path, in code.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = ("COVERAGE.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def outside_pages() -> dict[str, Path]:
    """Map the address of each page from outside `docs/` to its file.

    Both relative to the repository.
    """
    pages = {name: ROOT / name for name in OUTSIDE if (ROOT / name).is_file()}
    examples = sorted((ROOT / "examples").glob("*/README.md"))
    return pages | {path.relative_to(ROOT).as_posix(): path for path in examples}


def on_files(files: Any, config: Any) -> Any:
    """Add the pages from outside `docs/`."""
    from mkdocs.structure.files import File

    for address, path in outside_pages().items():
        files.append(File.generated(config, address, content=path.read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Make the links of a page lead to pages of the site."""
    del config
    here = page.file.src_uri
    known = {file.src_uri for file in files}
    return _LINK.sub(lambda link: _rewritten(link, here, known), markdown)


def _rewritten(link: re.Match[str], here: str, known: set[str]) -> str:
    """Return a link as the site needs it, whose root is `docs/`."""
    of_repository = here if here in outside_pages() else f"docs/{here}"
    target = posixpath.normpath(posixpath.join(posixpath.dirname(of_repository), link["target"]))
    address = target.removeprefix("docs/") if target.startswith("docs/") else target
    if target == "docs":
        address = "README.md"
    if (ROOT / target).is_dir() and f"{address}/README.md" in known:
        address = f"{address}/README.md"
    if address in known:
        relative = posixpath.relpath(address, posixpath.dirname(here) or ".")
        return f"[{link['text']}]({relative}{link['anchor'] or ''})"
    if (ROOT / target).exists():
        return f"{link['text']} (`{target}`)"
    return link[0]
