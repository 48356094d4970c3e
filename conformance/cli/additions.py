"""Additions: the lines that a target file lacks, each with what it makes possible."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from conformance.verdict import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.plan import Plan
    from conformance.requirement import Requirement

TEXT: Final = '"…"'
OTHERWISE: Final = {"may_change": "true", "upload_max_filesize": "2097152", "post_max_size": "8388608"}
TABLES: Final = {"users": ("username", "password"), "api_key": ("name", "value")}


def additions(planned: Plan) -> Iterator[str]:
    """The lines to add for everything that is missing, by table; each table is whole, so that it can be pasted."""
    tables: dict[str, list[str]] = {}
    for key, unlocked in planned.unlocked().items():
        header, lines = _lines(planned, key)
        first, *rest = lines
        tables.setdefault(header, []).extend([f"{first}  # {_told(unlocked)}", *rest])
    for header, lines in tables.items():
        yield f"[{header}]"
        yield from lines


def _lines(planned: Plan, key: str) -> tuple[str, list[str]]:
    """The table of a key and what to write there."""
    system, (first, _, rest) = planned.table.system, key.partition(".")
    if rest.startswith("*."):
        return f"{system}.{first}.outsider", [f"{rest[2:]} = {TEXT}", f"client_secret = {TEXT}"]
    if first in TABLES:
        return f"{system}.{key}", [f"{name} = {TEXT}" for name in TABLES[first]]
    own = first in type(planned.table).model_fields
    return system if own else f"{system}.fixtures", [f"{key} = {OTHERWISE.get(key, TEXT)}"]


def _told(unlocked: Sequence[tuple[Requirement, tuple[str, ...]]]) -> str:
    """How many requirements can be tried then, of which levels and profiles, and what else some of them lack."""
    levels = Counter(one.level for one, _ in unlocked)
    counts = ", ".join(f"{levels[level]} {level}" for level in Level if levels[level])
    profiles = ", ".join(sorted({one.profile for one, _ in unlocked}))
    others = ", ".join(dict.fromkeys(other for _, rest in unlocked for other in rest))
    also = f"; some also need {others}" if others else ""
    return f"unlocks {len(unlocked)} ({counts}) of {profiles}{also}"
