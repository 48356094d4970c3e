"""Statement page: one HTML file that a vendor can publish, without scripts or external resources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape as markup
from typing import Final

from conformance.report import escape
from conformance.report.section import Section
from conformance.report.statement import text as statement_text
from conformance.report.statement.badges import COLOURS
from conformance.report.statement.statement import Profile, Statement, words_of

_STYLE: Final = """\
body { margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #1f2328;
  background: #fff; overflow-wrap: anywhere }
h1 { line-height: 1.2 }
h2 { margin-top: 2rem; border-bottom: 1px solid #d0d7de }
dt { font-weight: 600 }
dd { margin: 0 0 .5rem }
.wide { overflow-x: auto; overflow-wrap: normal }
table { border-collapse: collapse }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #d0d7de }
.digest { font-family: monospace; overflow-wrap: anywhere }
.option { white-space: nowrap }
.standing { display: inline-block; padding: 0 .5rem; border-radius: .25rem; color: #fff; white-space: nowrap }
ul { padding-left: 1.25rem }
ul ul { list-style: none; padding: 0; color: #59636e }
"""
_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}: conformance statement</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{standing}</p>
{body}
</main>
</body>
</html>
"""


def page(statement: Statement) -> str:
    """The text of the page. Whatever came from a server or a target file is text in it, never markup."""
    return _PAGE.format(
        title=_text(statement_text.title(statement)),
        style=_STYLE,
        standing=_standing(statement, statement.headline),
        body="\n".join(
            [
                *(f"<p>{_text(sentence)}</p>" for sentence in statement_text.opening(statement)),
                _facts(statement_text.facts(statement)),
                "<h2>Profiles</h2>",
                *map(_profile, statement.profiles),
                "<h2>What the results mean</h2>",
                _list((rule,) for rule in statement_text.RULES),
                *map(_section, statement_text.sections(statement)),
                "<h2>Requirements by outcome</h2>",
                _table(statement_text.COUNTS, statement_text.counts(statement)),
                "<h2>Checksums (SHA-256)</h2>",
                _facts(statement_text.digests(statement), "digest"),
            ]
        ),
    )


def _text(text: str) -> str:
    return markup(escape.line(text))


def _standing(of: Statement | Profile, told: str) -> str:
    return f'<span class="standing" style="background: {COLOURS[of.standing]}">{_text(told)}</span>'


def _facts(facts: Iterable[tuple[str, str]], kind: str = "fact") -> str:
    rows = (f'<dt>{_text(label)}</dt><dd class="{kind}">{_options(_text(value))}</dd>' for label, value in facts)
    return "\n".join(["<dl>", *rows, "</dl>"])


def _options(markup: str) -> str:
    """The markup with options of a command that are not broken after a dash."""
    return re.sub(r"--[a-z-]{1,20}", r'<span class="option">\g<0></span>', markup)


def _profile(one: Profile) -> str:
    return (
        f"<h3>{_text(one.profile)} {_standing(one, words_of(one.standing))}</h3>\n"
        f"<p>Score: {_text(statement_text.score(one.score))}<br>{_text(one.why)}</p>"
    )


def _section(section: Section) -> str:
    head = f"<h2>{_text(section.title)} ({len(section.entries):,})</h2>\n<p>{_text(section.meaning)}</p>"
    return f"{head}\n{_list(section.entries)}"


def _list(entries: Iterable[Sequence[str]]) -> str:
    return "\n".join(["<ul>", *(f"<li>{_text(first)}{_below(more)}</li>" for first, *more in entries), "</ul>"])


def _below(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(line)}</li>' for line in lines)}</ul>" if lines else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["".join(f"<th>{_text(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows]
    return "\n".join(['<div class="wide"><table>', *(f"<tr>{line}</tr>" for line in lines), "</table></div>"])
