"""Rules for the descriptions in a spec."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.spec.layout import parts
from conformance.spec.lint.rule import Found, Subject, rule

FILLERS: Final = frozenset(("a", "an", "the", "of", "is", "this", "field", "value", "parameter"))
"""Words that add nothing to a name."""
NAMED: Final = ("schemas", "headers", "requestBodies")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W_]+")


@rule("S116")
def described_fields(subject: Subject) -> Found:
    """A parameter, header, request body, named schema or property has a description that says more than its name."""
    for place, name, part in _described(subject.document):
        text = _description(subject.document, part)
        if not text.strip():
            yield place, f"{name} has no description; say in a sentence what it means"
        elif repeats(text, name):
            yield place, f"the description of {name} only repeats its name: {text.strip()!r}; say what it means"


def repeats(text: str, name: str) -> bool:
    """Whether a description has no word that is not in a name.

    >>> repeats("The user name.", "userName"), repeats("Name of the user, at most 8 letters.", "userName")
    (True, False)
    """
    said, named = _words(text), _words(name)
    return set(said) <= {*named, *FILLERS} or "".join(value for value in said if value not in FILLERS) in "".join(named)


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(_HUMP.sub(" ", text))]


def _described(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """What needs a description: its place, its name, and itself."""
    for part in parts(document):
        if part.kind == "operation" and "requestBody" in part.data:
            yield part.place, "request body", part.data["requestBody"]
        elif part.kind == "parameter" and "$ref" not in part.data:
            yield part.place, str(part.data.get("name")), part.data
        elif part.kind == "response":
            yield from ((part.place, name, item) for name, item in _members(part.data, "headers"))
        elif part.kind == "schema":
            yield from ((part.place, name, item) for name, item in _members(part.data, "properties"))
        elif part.kind == "components":
            for kind in NAMED:
                yield from ((part.place, name, item) for name, item in _members(part.data, kind))


def _members(data: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    members = data.get(name)
    yield from members.items() if isinstance(members, Mapping) else ()


def _description(document: Mapping[str, Any], part: Any) -> str:
    """The description of a part, or else that of what it refers to; `$ref`s lead somewhere, or no rule is asked."""
    while isinstance(part, Mapping) and "description" not in part and "$ref" in part:
        target: Any = document
        for step in str(part["$ref"]).removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        part = target
    return str(part.get("description", "")) if isinstance(part, Mapping) else ""
