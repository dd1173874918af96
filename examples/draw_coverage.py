"""Draws docs/pictures/coverage.png: `python examples/draw_coverage.py`. Needs chromium.

The page is that of the example in docs/coverage.md, as a browser shows it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
PICTURE = DOCS / "pictures" / "coverage.png"
WIDTH, HEIGHT = 1080, 1190


def page(project: Path) -> Path:
    """Write the example's files, and run its tests with coverage."""
    text = (DOCS / "coverage.md").read_text(encoding="utf-8")
    for code in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        (project / code.partition("\n")[0].removeprefix("# ")).write_text(code, encoding="utf-8")
    options = ["-q", "--understudy-cov-report=html:cov.html", "-W", "ignore::DeprecationWarning"]
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=project, check=True)
    return project / "cov.html"


def draw(url: str, folder: Path) -> None:
    """Let a browser show the page, and keep what it shows."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("chromium is not on PATH")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--blink-settings=preferredColorScheme=1"]
    options += [f"--user-data-dir={folder}", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={PICTURE}"]
    subprocess.run([browser, *options, url], check=True, capture_output=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        draw(page(Path(folder)).as_uri(), Path(folder) / "profile")
    print(f"wrote {PICTURE}")
