"""The README's picture: `python -m tests.pages.picture RUN` makes it of the page of a run, such as that of the demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from conformance.core.run_directory import RunDirectory

from .browser import opened

PICTURE: Final = Path(__file__).parents[2] / "docs" / "images" / "report.png"
SIZE: Final = {"width": 1200, "height": 1040}


def main(run: str) -> None:
    """Write the beginning of the page as the picture."""
    with opened(RunDirectory(Path(run)).page.absolute(), width=SIZE["width"]) as seen:
        seen.page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"]})
        seen.page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main(*sys.argv[1:])
