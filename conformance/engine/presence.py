"""Decide whether a body contains a resource, by its identifier or its mark, in any layout.

The documents do not define the layout of most responses, so nothing here depends on it: members may have other names
and another order, objects may be wrapped, and numbers may be strings of digits. Parsed values are compared, not bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from conformance.core import json_walk
from conformance.core.json_walk import named_values
from conformance.engine.comparison import plain

MAX_OBJECTS: Final = 10_000  # objects of a body that are searched
OTHER_OBJECT_PENALTY: Final = 100  # added to the rank of an identifier that probably belongs to another object
EXACT: Final = ("id", "_id", "uuid", "uid", "guid")
"""Members that hold the identifier of an object itself, the most likely first."""
REFERS: Final = re.compile(r"parent|copy|copied|clone|origin|source|previous|former|owner", re.IGNORECASE)
"""Words in the name of a member that refers to another object."""
CORRELATES: Final = re.compile(
    r"trace|correlat|span|session|transaction|owner|user|author|creat|updat|modif|workspace|tenant|realm|parent|connection"
    r"|client|^request_?id$",
    re.IGNORECASE,
)
"""Words in the name of a member whose identifier is not that of the subject of a response."""


def objects(body: Any) -> Iterator[dict[str, Any]]:
    """Every object of a body, outermost first; of a large body only the first ones."""
    return islice(json_walk.objects(body), MAX_OBJECTS)


def is_value(value: Any, wanted: str) -> bool:
    """Whether a scalar is an identifier or a name, ignoring case, white space, HTML escaping and number types."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return plain(str(value)).casefold() == plain(wanted).casefold()


def holds(value: Any, wanted: str) -> bool:
    """Whether a scalar is, or as a text contains, an identifier or a name; digits must match completely."""
    if is_value(value, wanted):
        return True
    part = plain(wanted).casefold()
    return isinstance(value, str) and bool(part) and not part.isdigit() and part in plain(value).casefold()


def mentioned(body: Any, wanted: str) -> bool:
    """Whether a body contains a text: in one of its values, or as the name of a member."""
    if any(holds(value, wanted) for _, value in named_values(body)):
        return True
    return any(is_value(name, wanted) for item in objects(body) for name in item)


def identities(item: Any, own: str = "", but: re.Pattern[str] | None = None) -> list[str]:
    """What may be the identifier of an object, the most likely first; `own` is its documented member.

    Members whose name matches `but` are excluded.
    """
    if not isinstance(item, dict):
        return []
    ranked: list[tuple[int, str]] = []
    # such as its creator, which has an identifier too
    others = {id(entry) for entry in islice(_related_objects(item), MAX_OBJECTS)}
    for entry in objects(item):
        for name, value in entry.items():
            if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
                continue
            rank = _rank(name, own)
            if rank is not None and not (but and but.search(name)):
                ranked.append((rank + OTHER_OBJECT_PENALTY * (id(entry) in others), str(value)))
    return list(dict.fromkeys(value for _, value in sorted(ranked, key=lambda pair: pair[0])))


def _related_objects(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects inside an object below a member that names another object."""
    stack: list[tuple[Any, bool]] = [(item, False)]
    while stack:
        node, other = stack.pop()
        if isinstance(node, dict):
            if other:
                yield node
            named = ((member, bool(CORRELATES.search(name) or REFERS.search(name))) for name, member in node.items())
            stack.extend((member, other or refers) for member, refers in named)
        elif isinstance(node, list):
            stack.extend((member, other) for member in node)


def enclosed(body: Any) -> Iterator[str]:
    """The exact identifiers of the objects in which a body wraps its subject, outermost first."""
    if not isinstance(body, dict):
        return
    own = {name.casefold(): value for name, value in body.items()}
    found = (own.get(name) for name in EXACT)
    yield from (str(value) for value in found if isinstance(value, str | int) and not isinstance(value, bool))
    for name, member in body.items():
        if not CORRELATES.search(name) and not REFERS.search(name):
            yield from enclosed(member)


def likeliest(item: Any, own: str = "") -> list[str]:
    """The identifier of an object if it has an exact one, otherwise all candidates."""
    mine = [str(item[own])] if own and isinstance(item, dict) and isinstance(item.get(own), str | int) else []
    return [*mine, *enclosed(item)][:1] or identities(item, own)


def _rank(name: str, own: str) -> int | None:
    word = name.casefold()
    if own and name == own:
        return 0
    if word in EXACT:
        return 1 + EXACT.index(word)
    if not word.endswith(("id", "guid")):
        return None
    known = len(EXACT)
    return known + 2 if CORRELATES.search(name) or REFERS.search(name) else known + 1


def is_about(item: dict[str, Any], identifier: str, own: str = "") -> bool:
    """Whether an object has this identifier itself, and does not only refer to it, as a child does to its parent."""
    own_values_of_item = [value for name, value in item.items() if name == own] or [
        value for name, value in item.items() if name.casefold() in EXACT and isinstance(value, str | int)
    ]
    if own_values_of_item:
        return any(is_value(value, identifier) for value in own_values_of_item)
    return any(
        is_value(value, identifier) and not REFERS.search(name) and not CORRELATES.search(name)
        for name, value in item.items()
    )


def about(body: Any, identifier: str, own: str = "") -> dict[str, Any] | None:
    """The innermost object of a body with this identifier; None if there is none."""
    found = None
    for item in objects(body):
        if is_about(item, identifier, own):
            found = item
        for name, member in item.items():
            if isinstance(member, dict) and is_value(name, identifier):  # a list as an object, by identifier
                found = member
    return found


def named(item: Any, name: str) -> bool:
    """Whether a scalar of an item is a name, in any member except one that refers to another object."""
    return any(is_value(value, name) and not REFERS.search(member) for member, value in named_values(item))


def truths(thing: dict[str, Any], member: str) -> list[bool]:
    """The truth values of a thing in members of a name, in whatever letters; they may be written as 0 and 1."""
    return [
        bool(value)
        for name, value in named_values(thing)
        if _letters(name) == _letters(member)
        and (isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)))
    ]


def _letters(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()


def own_values(item: dict[str, Any]) -> dict[str, Any]:
    """An object without the objects and lists in it: one node of a tree."""
    return {name: value for name, value in item.items() if not isinstance(value, dict | list)}


def shown(body: Any, identifier: str, own: str = "", names: Iterable[str] = ()) -> bool:
    """Whether a list or tree contains a resource: an object with its identifier, a bare value, or one of its names."""
    if identifier and (about(body, identifier, own) is not None or _bare(body, identifier)):
        return True
    return any(named(body, name) for name in names if name)


def _bare(node: Any, identifier: str) -> bool:
    """Whether an array contains an identifier as a bare value."""
    if isinstance(node, list):
        return any(
            _bare(item, identifier) if isinstance(item, dict | list) else is_value(item, identifier) for item in node
        )
    if isinstance(node, dict):
        return any(_bare(member, identifier) for name, member in node.items() if not REFERS.search(name))
    return False
