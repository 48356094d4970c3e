"""Write `docs/api.md` from the docstrings of the public API for user tests."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import conformance
from conformance.cli.docstrings import texts_of
from conformance.core.systems import SYSTEMS

PAGE: Final = Path(__file__).parents[2] / "docs" / "api.md"
HEAD: Final = """\
# The API for tests of your own

`conformance.__all__` lists everything that your own tests need. [write-your-own-tests.md](write-your-own-tests.md)
shows how to use it. This page is generated from the docstrings by `python -m conformance.cli.documentation`; do not
edit it.

In the examples, `session` is the fixture of that name, as a test with `@pytest.mark.system("{system}")` gets it. The
tests of the suite run every example against its reference server.
"""
MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Session": (
        "call", "send", "create", "build_request", "json", "eventually", "accepted", "operation", "recorder",
    ),
    "Recorder": ("require", "refused", "skip", "block", "root_of"),
    "Resource": ("id", "name", "exchange"),
    "Exchange": ("id", "operation", "request", "response", "seconds", "error", "user", "has_response"),
    "Request": ("method", "url", "headers", "body"),
    "Response": ("status", "headers", "body", "truncated", "media_type", "json", "ok", "refused"),
    "Blocked": (),
    "NotExercised": (),
    "NotJson": (),
    "Kind": (),
    "Level": (),
    "Reason": (),
}  # fmt: skip
"""The members that a test may use, by class, in the order of the page: others are the suite's own."""
CONSTANTS: Final[Mapping[str, str]] = {
    "NOBODY": "The `user` of a request without credentials.",
    "WRONG": "The `user` of a request with credentials that were never given.",
    "__version__": "The version of the suite, as text.",
}


def page() -> str:
    """The text of the page."""
    return "\n".join(
        [HEAD.format(system=next(iter(SYSTEMS))), *(line for name in MEMBERS for line in _class(name)), *_constants()]
    )


def _class(name: str) -> Iterator[str]:
    kind = getattr(conformance, name)
    yield f"## {name}\n"
    yield from _text(kind.__doc__)
    if issubclass(kind, Enum):
        yield "| name | value |"
        yield "|---|---|"
        yield from (f"| `{name}.{item.name}` | {item.value} |" for item in kind)
        yield ""
    attributes = dict(_attributes(kind)) if MEMBERS[name] else {}
    members = [value for value in MEMBERS[name] if value in attributes]
    if members:
        yield "| attribute | type | what it is |"
        yield "|---|---|---|"
        yield from (f"| `{value}` | `{attributes[value][0]}` | {attributes[value][1]} |" for value in members)
        yield ""
    for member in MEMBERS[name]:
        if member not in attributes:
            method = inspect.getattr_static(kind, member)
            yield f"### {name}.{member}\n"
            yield f"```python\n{member}{_signature(method)}\n```\n"
            yield from _text(method.__doc__)


def _attributes(kind: type[Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Fields and properties, each with its type and description."""
    if dataclasses.is_dataclass(kind):
        texts = texts_of(kind)
        for field in dataclasses.fields(kind):
            yield field.name, (str(field.type).replace("|", r"\|"), texts.get(field.name, ""))
    for name, member in inspect.getmembers_static(kind):
        function = member.fget if isinstance(member, property) else getattr(member, "func", None)
        if isinstance(member, property | cached_property) and function is not None:
            returned = str(function.__annotations__["return"]).replace("|", r"\|")
            yield name, (returned, " ".join((function.__doc__ or "").split()))


def _signature(method: Any) -> str:
    """A signature without `self`, as it is written."""
    signature = inspect.signature(method)
    kept = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    text = str(signature.replace(parameters=kept))
    return re.sub(r"(?<=[:>] )'([^']+)'", r"\1", text)


def _text(docstring: str | None) -> Iterator[str]:
    """A docstring as Markdown: what is raised as a list, examples as code."""
    for block in inspect.cleandoc(docstring or "").split("\n\n"):
        if block.startswith(">>>"):
            yield f"```pycon\n{block}\n```\n"
        elif block.startswith("Raises:"):
            yield "Raises:\n"
            yield from (f"- {line}" for line in _items(block))
            yield ""
        else:
            yield f"{block}\n"


def _items(block: str) -> Iterator[str]:
    """The entries of a `Raises:` section, each on one line."""
    entries = re.split(r"\n    (?=\S)", block.removeprefix("Raises:"))
    for entry in filter(None, map(str.strip, entries)):
        name, _, text = " ".join(entry.split()).partition(": ")
        yield f"`{name}`: {text}"


def _constants() -> Iterator[str]:
    yield "## Constants\n"
    yield "| name | what it is |"
    yield "|---|---|"
    yield from (f"| `{name}` | {text} |" for name, text in CONSTANTS.items())
    yield ""
