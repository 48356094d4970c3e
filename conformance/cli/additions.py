"""List the lines that are missing in a target file, and how many more requirements each allows to test."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel

from conformance.core.verdict import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.spec.operation import Operation
    from conformance.spec.requirement import Requirement
    from conformance.target.plan import Plan

LOGIN: Final = ("username", "password")
TEXT: Final = '"…"'


def additions(planned: Plan, at_most: int | None = None) -> Iterator[str]:
    """The lines to add for what is missing, by table; each table is complete, so that it can be pasted.

    Sorted by the number of requirements that they unlock; at most `at_most` keys.
    """
    tables: dict[str, list[str]] = {}
    found = sorted(planned.unlocked().items(), key=lambda item: -len(item[1]))
    for key, unlocked in found[:at_most]:
        header, lines = _lines(planned, key)
        first, *rest = lines
        tables.setdefault(header, []).extend([f"{first}  # {_told(unlocked)}", *rest])
    for header, lines in tables.items():
        yield f"[{header}]"
        yield from lines


def _lines(planned: Plan, key: str) -> tuple[str, list[str]]:
    """The table of a key and what to write there."""
    table = planned.table
    *outer, last = key.split(".")
    if "*" in outer:  # any user's: the first one will do
        users = _table(type(table), outer[0])
        first = next(iter(users.model_fields)) if users is not None else "*"
        return f"{table.system}.{'.'.join(outer).replace('*', first)}", [
            f"{last} = {TEXT}",
            f"client_secret = {TEXT}",
        ]
    model: type[BaseModel] = type(table)
    for name in (*outer, last):
        inner = _table(model, name)
        if inner is None:
            own = name in model.model_fields
            return table.system if own else f"{table.system}.fixtures", [f"{key} = {_value(type(table), key)}"]
        model = inner
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    usual = [name for name in LOGIN if name in model.model_fields]  # a user may have a token instead
    return f"{table.system}.{key}", [f"{name} = {TEXT}" for name in required or usual]


def _table(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model of a member that is a table itself, or None."""
    field = model.model_fields.get(name)
    kinds = (field.annotation, *get_args(field.annotation)) if field else ()
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _value(model: type[BaseModel], key: str) -> str:
    """What to write for a key of a table or of its fixtures: the example of its field, if it has one."""
    fixtures = _table(model, "fixtures")
    fields = {**(fixtures.model_fields if fixtures is not None else {}), **model.model_fields}
    field = fields.get(key)
    if field is None or (field.annotation is not bool and not field.examples):
        return TEXT
    return "true" if field.annotation is bool else inline(field.examples[0]) if field.examples else TEXT


def _told(unlocked: Sequence[tuple[Requirement, tuple[str, ...]]]) -> str:
    """How many more requirements can be tested, of which levels and profiles, and what else some of them need."""
    levels = Counter(requirement.level for requirement, _ in unlocked)
    counts = ", ".join(f"{levels[level]} {level}" for level in Level if levels[level])
    profiles = ", ".join(sorted({requirement.profile for requirement, _ in unlocked}))
    others = ", ".join(dict.fromkeys(other for _, rest in unlocked for other in rest))
    also = f"; some also need {others}" if others else ""
    return f"to test {len(unlocked)} more ({counts}) of {profiles}{also}"


def example(operation: Operation) -> Any:
    """The body that the suite guesses for an operation: the first example of its spec."""
    body = operation.body()
    return next(iter(body.examples.values()), {}) if body is not None else {}


def inline(value: Any) -> str:
    """A value as TOML on one line; TOML has no null, so that such members are left out."""
    if isinstance(value, dict):
        members = (f"{_key(str(name))} = {inline(item)}" for name, item in value.items() if item is not None)
        return f"{{ {', '.join(members)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(inline(item) for item in value if item is not None)}]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
