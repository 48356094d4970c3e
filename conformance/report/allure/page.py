"""Allure page: builds the HTML report with Allure's command line, as one file that loads nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from conformance.core.atomic_write import write_text
from conformance.core.run_directory import ALLURE_RESULTS
from conformance.report import escape, record_file, words
from conformance.report.allure import history as allure_history
from conformance.report.allure import results
from conformance.report.allure.node import ReportError, find

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE: Final = "allure@3.18.0"
CHARTS: Final = (
    {"type": "currentStatus", "title": "This run"},
    {"type": "statusDynamics", "title": "Trend: this run and those before it"},
)

# What a page would load by itself; links that a reader may click are allowed.
_FETCHING: Final = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "embed": "src"}
_ANALYTICS: Final = re.compile(
    r"<script[^>]*\bsrc=\"https://www\.googletagmanager\.com/[^>]*>\s*</script>"
    r"(\s*<script>(?:(?!</script>).)*?\bgtag\((?:(?!</script>).)*?</script>)?",
    re.DOTALL,
)
# A second protection: even a script or an attachment cannot make requests.
_POLICY: Final = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data: blob:; "
    "img-src data: blob:; font-src data: blob:; media-src data: blob:; connect-src data: blob:; "
    "frame-src data: blob:; worker-src data: blob:; form-action 'none'\">"
)
_HEAD: Final = '<meta charset="utf-8">'


def build(run_directories: Sequence[Path], history: Path | None = None) -> Path:
    """Build the page of the last run into its directory and return the path of the HTML file.

    The earlier runs are its history: Allure then shows what is new and what is old. The history of earlier calls
    in `history` (`history-TARGET.jsonl` beside the last run, unless another file is named) belongs to it too, and the
    runs are added there. The results are made from the records. npx downloads Allure once.

    Raises:
        ReportError: there is no Node.js, the history cannot be kept, or Allure failed.
        UnreadableRun: the record of a run cannot be read.
    """
    if not run_directories:
        raise ReportError("No run was given; add at least one directory that `conformance run` wrote.")
    last = run_directories[-1]
    record = record_file.read(last)
    title = escape.line(f"{record.target.name}: {words.headline(record)}", 200)
    kept = allure_history.History(history or allure_history.beside(last, record.target.name))
    try:
        for run in run_directories:
            item = record_file.read(run)
            with TemporaryDirectory(prefix="conformance-results-") as name:
                results.write(item, run, Path(name))
                page, point = _generated([Path(name)], title, CATEGORIES, kept.before(item.started))
            kept.add(item.started, point)
        kept.write()
    except allure_history.HistoryError as error:
        raise ReportError(str(error)) from None
    return _stored(page, last)


def build_comparison(directory: Path, title: str) -> Path:
    """Build the page of a comparison whose results are in `directory`, and return the path of the HTML file.

    Raises:
        ReportError: there is no Node.js, or Allure failed.
    """
    page, _ = _generated([directory / ALLURE_RESULTS], escape.line(title, 200), ())
    return _stored(page, directory)


def _generated(
    directories: Sequence[Path], title: str, categories: Sequence[dict[str, object]], history: str = ""
) -> tuple[str, str]:
    """The page of some results, and the line that Allure adds to their history."""
    node = find()
    with TemporaryDirectory(prefix="conformance-page-") as name:
        workshop = Path(name)
        past = workshop / "history.jsonl"
        past.write_text(history, encoding="utf-8")
        configuration = workshop / "allurerc.json"
        settings = _configuration(title, categories, workshop)
        # A working directory of its own, so that the user's configuration is not used.
        generate = [
            "generate",
            "--config",
            str(configuration),
            *(str(directory.resolve()) for directory in directories),
        ]
        # With an empty history, Allure marks every result as new: then build again without one.
        for given in ({"historyPath": str(past)}, {}) if not history else ({"historyPath": str(past)},):
            configuration.write_text(json.dumps({**settings, **given}), encoding="utf-8")
            node.run(PACKAGE, generate, workshop)
        page = _harmless((workshop / "page" / "index.html").read_text(encoding="utf-8"))
        return page, past.read_text(encoding="utf-8").removeprefix(history)


def _stored(page: str, directory: Path) -> Path:
    output = directory / "report" / "index.html"
    output.parent.mkdir(exist_ok=True)
    write_text(output, page)
    return output


def _configuration(title: str, categories: Sequence[dict[str, object]], workshop: Path) -> dict[str, object]:
    return {
        "name": title,
        "output": str(workshop / "page"),
        "defaultLabels": {"layer": "requirement"},
        "categories": {"rules": list(categories)},
        "plugins": {
            "awesome": {
                "options": {
                    "singleFile": True,
                    "reportName": title,
                    "reportLanguage": "en",
                    # Deviations, findings, … , conforms: by the start of the first.
                    "groupBy": ["parentSuite", "suite", "subSuite"],
                    "charts": CHARTS,
                }
            }
        },
    }


def _category(name: str, status: str, message: str, *, expand: bool = False) -> dict[str, object]:
    matcher: dict[str, object] = {"statuses": [status], "message": message}
    return {"name": name, "matchers": matcher, "groupByMessage": False, "expand": expand}


CATEGORIES: Final = (
    _category("Deviations: must", "failed", "^Deviation, must", expand=True),
    _category("Deviations: should", "failed", "^Deviation, should", expand=True),
    _category("Known deviations", "failed", "^Known deviation"),
    _category("Findings", "broken", "^Finding"),
    _category("Blocked by a deviation", "skipped", "^Blocked"),
    _category("Not tested", "skipped", "^Not tested"),
)


def _harmless(page: str) -> str:
    """The page without Allure's analytics, and with a policy that forbids requests.

    Raises:
        ReportError: something in it would still be loaded.
    """
    cleaned = _ANALYTICS.sub("", page)
    fetched = outside(cleaned)
    if fetched or "googletagmanager" in cleaned or _HEAD not in cleaned:
        what = f"wants to fetch {fetched[0]}" if fetched else "is not built as expected"
        raise ReportError(f"The page of {PACKAGE} {what}; it was not kept. Please report this as a bug of the suite.")
    return cleaned.replace(_HEAD, f"{_HEAD}\n    {_POLICY}", 1)


def outside(page: str) -> list[str]:
    """The external URLs that a browser would load when it opens the page."""
    finder = _Finder()
    finder.feed(page)
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get(_FETCHING.get(tag, "")) or ""
        if address.strip().lower().startswith(("http:", "https:", "//")):
            self.found.append(address)
