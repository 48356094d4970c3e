"""Words and turns that must not come back in what users and contributors read: docs, help, messages, titles."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

TOP: Final = Path(__file__).parents[2]
CODE: Final = TOP / "conformance"
TESTS: Final = TOP / "tests"
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
    r"\bto who\b|\bwho must not\b": "users who, someone without permission",
    r"\ball the same\b": "nevertheless",
    r"\b(see|shows?) (it|them) again\b": "to reproduce",
    r"\b(speaks?|says?|said|unsaid) of\b|\bunsaid\b": "says about, is about; the document does not say",
    r"\basked for again\b": "repeated",
    r"\bthat one thing\b": "just one point",
    r"\bgoes on\b": "continues",
}
# The same for docstrings, comments and names of tests, in which words are joined by `_`.
AVOIDED_IN_CODE: Final = {
    r"\bstands?\b": "is, is listed, appears",
    r"\btells\b|\btold\b": "reports, says, shows",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\b(un)?tried\b": "tested",
    r"\banswer(ed|ing)\b|\banswers\b(?! make)": "response, returns",
    r"\bspeaks? of\b|\bspoken of\b": "is about, decides, mentions",
    r"\bheld (what|against)\b": "compared with",
    r"\b(lies|is) behind\b": "what depends on it",
    r"\bwhoever\b": "a noun",
    r"\botherwise than\b": "differently from",
    r"\b(comes?|came) into being\b": "is created",
    r"\bgreet(s|ed|ing)?\b": "probe",
    r"\bin the place of\b": "instead of",
    r"(?<!there )\bis none\b(?! of)": "is not a",
    r"\ball the same\b": "nevertheless",
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


def explanations(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and comments of a module, without spans of code and examples."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                continue
            if isinstance(text := statement.value.value, str):
                plain = (line for line in text.splitlines() if not line.lstrip().startswith((">>>", "...")))
                yield statement.lineno, re.sub(r"`[^`]*`", "`…`", " ".join(map(str.strip, plain)))
    suspects = re.compile("|".join(AVOIDED_IN_CODE), re.IGNORECASE)
    if not any("#" in line and suspects.search(line) for line in source.splitlines()):
        return  # splitting every file into tokens takes seconds
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], re.sub(r"`[^`]*`", "`…`", token.string)


def names_of_tests(source: str) -> Iterator[tuple[int, str]]:
    """The names of a module's tests, as sentences."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.removeprefix("test_").replace("_", " ")


def found(lines: Iterator[tuple[int, str]], where: Path, avoided: Mapping[str, str] = AVOIDED) -> list[str]:
    """Each avoided phrase, with its place and what to write instead."""
    allowed, any_of = re.compile("|".join(ALLOWED)), re.compile("|".join(avoided), re.IGNORECASE)
    return [
        f"{where.relative_to(TOP)}:{number}: {match.group()!r}: write {instead!r}: {text.strip()}"
        for number, line in lines
        if any_of.search(line)
        for text in [allowed.sub("", line)]
        for pattern, instead in avoided.items()
        if (match := re.search(pattern, text, re.IGNORECASE))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_page_uses_plain_words(page: Path) -> None:
    assert found(prose(page.read_text(encoding="utf-8")), page) == []


def test_messages_use_plain_words() -> None:
    modules = [path for path in CODE.rglob("*.py") if "reference" not in path.relative_to(CODE).parts]
    assert len(modules) > 100
    texts = {
        path: [message for message in messages(path.read_text(encoding="utf-8")) if " " in message[1]]
        for path in modules
    }
    assert [line for path, lines in sorted(texts.items()) for line in found(iter(lines), path)] == []


def test_docstrings_and_comments_use_plain_words() -> None:
    modules = [path for folder in (CODE, TESTS, TOP / "benchmarks") for path in sorted(folder.rglob("*.py"))]
    assert len(modules) > 600
    texts = {path: explanations(path.read_text(encoding="utf-8")) for path in modules if path != Path(__file__)}
    assert [line for path, lines in texts.items() for line in found(lines, path, AVOIDED_IN_CODE)] == []


def test_names_of_tests_use_plain_words() -> None:
    texts = {path: names_of_tests(path.read_text(encoding="utf-8")) for path in sorted(TESTS.rglob("test_*.py"))}
    assert len(texts) > 150
    assert [line for path, lines in texts.items() for line in found(lines, path, AVOIDED_IN_CODE)] == []


def test_avoided_phrase_in_code_is_found() -> None:
    source = '"""What stands here."""\n\n\ndef test_what_is_told() -> None:\n    pass  # whoever reads it\n'
    texts = (*explanations(source), *names_of_tests(source))
    assert len(found(iter(texts), TOP / "x.py", AVOIDED_IN_CODE)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "what the server answered",
        "It is none of them.",
        "red for what STANDS in it",
        "refused to who may not see it",
        "It was written all the same.",
        "to see it again: curl",
        "Of this no document speaks of anything.",
        "the document is unsaid",
        "It is asked for again after a pause.",
        "differs in that one thing",
        "The test goes on.",
    ],
)
def test_avoided_phrase_is_found(text: str) -> None:
    assert found(prose(f"# Title\n{text}\n"), TOP / "README.md")
    assert found(messages(f"raise ValueError({text!r})"), TOP / "README.md")


@pytest.mark.parametrize("page", ["`tried` is a key", "```\nwhat it answered\n```"])
def test_code_in_a_page_is_ignored(page: str) -> None:
    assert found(prose(page), TOP / "README.md") == []
