"""Environment: the templates of the HTML pages, with autoescape always on."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from markupsafe import escape as markup

from conformance.report import escape

_COMMAND: Final = re.compile("`([^`]*)`")
_OPTION: Final = re.compile(r"--[a-z-]{1,20}")


def rendered(template: str, **values: Any) -> str:
    """The text of a page. Text from a server or a file is escaped."""
    text: str = _environment().get_template(template).render(**values)
    return text


def _moment(started: str) -> str:
    """When a run began, as people read it."""
    return f"{datetime.fromisoformat(started):%Y-%m-%d %H:%M %z}"


def _options(text: str) -> Markup:
    """A line in which no option of a command is broken after its dashes."""
    return Markup(_OPTION.sub(r'<span class="option">\g<0></span>', str(markup(escape.line(text)))))  # noqa: S704


def _sentence(text: str) -> Markup:
    """A meaning as a sentence, with the commands in it as code."""
    code = _COMMAND.sub(r"<code>\1</code>", str(markup(escape.line(text))))
    return Markup(f"{code[:1].upper()}{code[1:]}.")  # noqa: S704


def _finalized(value: Any) -> Any:
    """The output of a template value: visible characters of any text; our markup unchanged."""
    return escape.block(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = escape.line
    environment.filters["moment"] = _moment
    environment.filters["options"] = _options
    environment.filters["sentence"] = _sentence
    environment.filters["number"] = lambda value: f"{value:,}"
    return environment
