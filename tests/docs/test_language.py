"""Words and turns that must not come back in what users and contributors read: docs, help, messages, titles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

TOP: Final = Path(__file__).parents[2]
CODE: Final = TOP / "conformance"
PAGES: Final = (
    *(TOP / name for name in ("README.md", "CONTRIBUTING.md", "reports/README.md")),
    *sorted((TOP / "docs").rglob("*.md")),
)
# The pattern, what to write instead.
AVOIDED: Final = {
    r"\bstands?\b": "is, is listed, appears",
    r"\btells\b|\btold\b|\btell of\b": "reports, says, shows",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\b(otherwise|something else) than\b|\b(made|called|sent|shown|spelled) otherwise\b": "differently from",
    r"\b(lies|is) behind\b": "what depends on it",
    r"\b(un)?tried\b": "tested",
    r"(?<!not )(?<!no longer )\bexercised\b": "tested; the outcome is `not exercised`",
    r"\banswer(s|ed|ing)?\b": "response, returns",
    r"\b(of|for) (its|their|his|our|one's) own\b": "its",
    r"\bnothing of the above\b": "no new deviation",
    r"\btakes any\b": "accepts any",
    r"(?<!there )\bis (no|none)\b(?! longer| more)": "is not a",
    r"\bname another\b": "choose another",
    r"\bwhoever\b": "a noun",
    r"\b(is|are) but what\b": "are effects of",
    r"\bin the place of\b": "instead of",
    r"\bheld (what|against)\b": "compared with",
}
# A passage that may hold an avoided word, and why.
ALLOWED: Final = {
    r"question that it answers": "an answer to a question, not a response",
    r"[A-Z0-9]+(-[A-Z0-9]+)+": "the id of a requirement, which never changes",
    r"\btried: ": "a key of the register",
}


def prose(page: str) -> Iterator[tuple[int, str]]:
    """The lines of a page without blocks and spans of code, which quote what is fixed."""
    fenced = False
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, re.sub(r"`[^`]*`", "`…`", line)


def messages(source: str) -> Iterator[tuple[int, str]]:
    """The texts of a module that are sentences: string constants with blanks, without docstrings and comments."""
    tree = ast.parse(source)
    documentation = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(body := getattr(node, "body", None), list)
        for statement in body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def found(lines: Iterator[tuple[int, str]], where: Path) -> list[str]:
    """Each avoided turn, with its place and what to write instead."""
    return [
        f"{where.relative_to(TOP)}:{number}: {match.group()!r}: write {instead!r}: {text.strip()}"
        for number, line in lines
        for text in [re.sub("|".join(ALLOWED), "", line)]
        for pattern, instead in AVOIDED.items()
        if (match := re.search(pattern, text, re.IGNORECASE))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_page_uses_plain_words(page: Path) -> None:
    assert found(prose(page.read_text(encoding="utf-8")), page) == []


def test_messages_use_plain_words() -> None:
    modules = [path for path in CODE.rglob("*.py") if "reference" not in path.relative_to(CODE).parts]
    assert len(modules) > 100
    texts = {path: [one for one in messages(path.read_text(encoding="utf-8")) if " " in one[1]] for path in modules}
    assert [line for path, lines in sorted(texts.items()) for line in found(iter(lines), path)] == []


@pytest.mark.parametrize("text", ["what the server answered", "It is none of them.", "red for what STANDS in it"])
def test_avoided_phrase_is_found(text: str) -> None:
    assert found(prose(f"# Title\n{text}\n"), TOP / "README.md")
    assert found(messages(f"raise ValueError({text!r})"), TOP / "README.md")


@pytest.mark.parametrize("page", ["`tried` is a key", "```\nwhat it answered\n```"])
def test_code_in_a_page_is_ignored(page: str) -> None:
    assert found(prose(page), TOP / "README.md") == []
