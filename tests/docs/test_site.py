"""The site of the documentation: every page is in its navigation, and every link of a page leads to a file of it."""

from __future__ import annotations

import importlib.util
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIGURATION = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


def hooks() -> ModuleType:
    (name,) = CONFIGURATION["hooks"]
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOKS = hooks()
BESIDE: dict[str, str] = HOOKS.BESIDE
PAGES = {**{f"docs/{path.relative_to(DOCS)}": str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}, **BESIDE}


def navigated(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from navigated(item)


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(navigated(CONFIGURATION["nav"])) == sorted(PAGES.values())


def test_site_loads_nothing_from_other_hosts() -> None:
    assert CONFIGURATION["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css"} & set(CONFIGURATION)


@pytest.mark.parametrize("source", PAGES)
def test_links_of_pages_lead_to_files_of_the_site(source: str) -> None:
    path = PAGES[source]
    text = HOOKS.fitted((ROOT / source).read_text(encoding="utf-8"), source, path)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```|`[^`\n]*`(?!\])", "", text, flags=re.S | re.M)):
        place = link.partition("#")[0]
        if place and not re.match("[a-z]+:", place):
            there = posixpath.normpath(posixpath.join(posixpath.dirname(path), place))
            assert there in PAGES.values() or (DOCS / there).is_file(), link


@pytest.mark.parametrize(
    ("source", "path", "link", "fitting"),
    [
        ("README.md", "index.md", "[a](docs/commands.md#conformance-run)", "[a](commands.md#conformance-run)"),
        ("README.md", "index.md", "![a](docs/images/report.png)", "![a](images/report.png)"),
        ("docs/ci/README.md", "ci/README.md", "[a](../../README.md#exit-codes)", "[a](../index.md#exit-codes)"),
        ("docs/commands.md", "commands.md", "[a](../reports/README.md)", "[a](reports.md)"),
        ("docs/commands.md", "commands.md", "[`a.py`](../conformance/core/systems.py)", "`a.py`"),
        ("docs/commands.md", "commands.md", "[a](#conformance-run)", "[a](#conformance-run)"),
        ("docs/commands.md", "commands.md", "`[a](../reports/README.md)`", "`[a](../reports/README.md)`"),
    ],
)
def test_link_is_adapted_to_the_site(source: str, path: str, link: str, fitting: str) -> None:
    assert HOOKS.fitted(f"x {link} y", source, path) == f"x {fitting} y"
