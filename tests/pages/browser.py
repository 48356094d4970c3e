"""A real browser: opens a page from a file as a reader does, and notes what the page wants beyond itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import ConsoleMessage, Dialog, Page, Request, sync_playwright

from tests.samples import by_default

# Without these the browser itself asks its maker for news.
QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
OWN: Final = ("file:", "data:", "blob:")


@dataclass
class Opened:
    """A page that is open: what it asked the network for, what it wanted to say in a dialog, what went wrong in it."""

    page: Page
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._request)
        self.page.on("dialog", self._dialog)
        self.page.on("console", self._console)

    def _request(self, request: Request) -> None:
        if not request.url.startswith(OWN):
            self.asked.append(request.url)

    def _dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


WINDOWS: Final = by_default(
    [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")],
    *((1280, "light"), (400, "dark")),
)
"""Widths in pixels with colour schemes."""


@contextmanager
def opened(file: Path, width: int = 1280) -> Iterator[Opened]:
    """Open a page in Debian's Chromium; skips the test where that is not installed."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as play, play.chromium.launch(executable_path=chromium, args=list(QUIET)) as browser:
        opened = Opened(browser.new_page(viewport={"width": width, "height": 900}))
        opened.page.goto(file.resolve().as_uri())
        yield opened
