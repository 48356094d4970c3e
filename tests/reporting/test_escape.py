"""What a server said is harmless wherever it is shown."""

from __future__ import annotations

import unicodedata

import pytest
from markdown_it import MarkdownIt

from conformance.report import escape

from .sample import HOSTILE

EVERY_CONTROL = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x200B, 0x202E, 0x2066, 0xFEFF]))


def rendered(text: str) -> str:
    html: str = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return html


def test_line_contains_no_control_or_invisible_character() -> None:
    shown = escape.line(f"a{EVERY_CONTROL}z")
    assert {unicodedata.category(c)[0] for c in shown}.isdisjoint("C")
    assert "\n" not in shown
    assert shown.startswith("a")
    assert shown.endswith("z")


def test_a_lone_surrogate_can_be_written() -> None:
    assert escape.line("\ud800").encode() == b"\\ud800"


def test_long_line_is_shortened_with_a_mark() -> None:
    assert escape.line("x" * 100, 10) == "x" * 9 + "…"
    assert escape.line("x" * 10, 10) == "x" * 10


def test_a_block_keeps_its_lines_and_tabs() -> None:
    assert escape.block("a\r\n\tb\x1b[0m\n") == "a\n\tb\\x1b[0m\n"


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "<img src=x onerror=alert(1)>",
        "[click](http://evil.example)",
        "![](http://evil.example/x.png)",
        "http://evil.example www.evil.example a@evil.example",
        "**bold** _it_ ~~no~~ `code` $math$",
        "# heading",
        "1. list",
        "- list",
        "> quote",
        "&lt;&#60;",
        "\\<b>\\",
    ],
)
def test_escaped_markdown_renders_as_the_text_itself(text: str) -> None:
    html = rendered(escape.markdown(text))
    shown = escape.line(text).replace("@", "@\u200b").replace("#", "#\u200b")
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        shown = shown.replace(plain, entity)
    assert html == f"<p>{shown}</p>\n"


def test_escaped_markdown_stays_in_its_table_cell() -> None:
    cell = escape.markdown("a|b\\|c\nd")
    html = rendered(f"| x | y |\n| --- | --- |\n| {cell} | 2 |")
    assert "<td>a|b\\|c d</td>\n<td>2</td>" in html


def test_escaped_markdown_mentions_nobody() -> None:
    assert "@everyone" not in escape.markdown("@everyone")


def unescaped(text: str) -> str:
    return text.encode("ascii").decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")


def test_properties_read_back() -> None:
    values = {"a key: #1": "x=y", "path": "C:\\temp\\new", "unit": "µ 😀", "odd": "!\nsecond=line"}
    lines = escape.properties(values).splitlines()
    assert len(lines) == len(values)
    found: dict[str, str] = {}
    for line in lines:
        plain = line.replace("\\\\", "\\u005c").replace("\\=", "\\u003d").replace("\\:", "\\u003a")
        plain = plain.replace("\\ ", " ").replace("\\#", "#").replace("\\!", "!")
        key, value = plain.split("=", 1)
        found[unescaped(key)] = unescaped(value)
    assert found == {**values, "odd": "! second=line"}
