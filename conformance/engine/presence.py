"""Presence: whether a body contains a thing, by its identifier or its mark, in any layout.

No document gives the layout of most responses, so nothing here depends on it: members may have other names and another
order, objects may be wrapped, and numbers may be strings of digits. What is compared are parsed values, never bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from conformance.core import json_walk
from conformance.core.json_walk import named_values
from conformance.engine.comparison import plain

OBJECTS_AT_MOST: Final = 10_000  # of a body that are looked through
LATER: Final = 100  # places, by which what is not likely to be an object's own stands behind what is
EXACT: Final = ("id", "_id", "uuid", "uid", "guid")
"""Members that hold an object's own identifier, the likeliest first."""
REFERS: Final = re.compile(r"parent|copy|copied|clone|origin|source|previous|former|owner", re.IGNORECASE)
"""Words in the name of a member that refers to something else."""
CORRELATES: Final = re.compile(
    r"trace|correlat|span|session|transaction|owner|user|author|creat|updat|modif|workspace|tenant|realm|parent|connection"
    r"|client|^request_?id$",
    re.IGNORECASE,
)
"""Words in the name of a member whose identifier is not that of what a response is about."""


def objects(body: Any) -> Iterator[dict[str, Any]]:
    """Every object of a body, outermost first; of a huge one the first."""
    return islice(json_walk.objects(body), OBJECTS_AT_MOST)


def is_value(value: Any, wanted: str) -> bool:
    """Whether a single value is an identifier or a name: as text, in any letters, without what storing does to it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return plain(str(value)).casefold() == plain(wanted).casefold()


def holds(value: Any, wanted: str) -> bool:
    """Whether a single value is, or as a text contains, an identifier or a name; digits alone must be all of it."""
    if is_value(value, wanted):
        return True
    part = plain(wanted).casefold()
    return isinstance(value, str) and bool(part) and not part.isdigit() and part in plain(value).casefold()


def mentioned(body: Any, wanted: str) -> bool:
    """Whether a body names something at all: a value holds it, or a member is called by it."""
    if any(holds(value, wanted) for _, value in named_values(body)):
        return True
    return any(is_value(name, wanted) for one in objects(body) for name in one)


def identities(item: Any, own: str = "", but: re.Pattern[str] | None = None) -> list[str]:
    """What may be the identifier of an object, the likeliest first; `own` is the member that documents or spec name.

    Members in whose name `but` is found are left out.
    """
    if not isinstance(item, dict):
        return []
    ranked: list[tuple[int, str]] = []
    others = {id(one) for one in islice(_of_others(item), OBJECTS_AT_MOST)}  # whoever made it has one as well
    for one in objects(item):
        for name, value in one.items():
            if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
                continue
            rank = _rank(name, own)
            if rank is not None and not (but and but.search(name)):
                ranked.append((rank + LATER * (id(one) in others), str(value)))
    return list(dict.fromkeys(value for _, value in sorted(ranked, key=lambda pair: pair[0])))


def _of_others(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects inside an object that stand under a member which names something else."""
    open_ones: list[tuple[Any, bool]] = [(item, False)]
    while open_ones:
        node, other = open_ones.pop()
        if isinstance(node, dict):
            if other:
                yield node
            named = ((member, bool(CORRELATES.search(name) or REFERS.search(name))) for name, member in node.items())
            open_ones.extend((member, other or refers) for member, refers in named)
        elif isinstance(node, list):
            open_ones.extend((member, other) for member in node)


def enclosed(body: Any) -> Iterator[str]:
    """The exact identifiers of the objects in which a body wraps what it is about, outermost first."""
    if not isinstance(body, dict):
        return
    own = {name.casefold(): value for name, value in body.items()}
    found = (own.get(name) for name in EXACT)
    yield from (str(value) for value in found if isinstance(value, str | int) and not isinstance(value, bool))
    for name, member in body.items():
        if not CORRELATES.search(name) and not REFERS.search(name):
            yield from enclosed(member)


def likeliest(item: Any, own: str = "") -> list[str]:
    """The identifier of an object where it has one of its own; else all that may be it."""
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
    """Whether an object is the thing of an identifier, and does not only refer to it, as a child does to its parent."""
    mine = [value for name, value in item.items() if name == own] or [
        value for name, value in item.items() if name.casefold() in EXACT and isinstance(value, str | int)
    ]
    if mine:
        return any(is_value(value, identifier) for value in mine)
    return any(
        is_value(value, identifier) and not REFERS.search(name) and not CORRELATES.search(name)
        for name, value in item.items()
    )


def about(body: Any, identifier: str, own: str = "") -> dict[str, Any] | None:
    """The innermost object of a body that is the thing of an identifier; None where there is none."""
    found = None
    for one in objects(body):
        if is_about(one, identifier, own):
            found = one
        for name, member in one.items():
            if isinstance(member, dict) and is_value(name, identifier):  # a list as an object, by identifier
                found = member
    return found


def named(item: Any, name: str) -> bool:
    """Whether a single value of an item is a name, in whatever member, but for one that refers to something else."""
    return any(is_value(value, name) and not REFERS.search(member) for member, value in named_values(item))


def own_values(item: dict[str, Any]) -> dict[str, Any]:
    """An object without the objects and lists in it: of a tree, one node."""
    return {name: value for name, value in item.items() if not isinstance(value, dict | list)}


def shown(body: Any, identifier: str, own: str = "", names: Iterable[str] = ()) -> bool:
    """Whether a list or tree shows a thing: by an object about it, a bare value in an array, or one of its names."""
    if identifier and (about(body, identifier, own) is not None or _bare(body, identifier)):
        return True
    return any(named(body, name) for name in names if name)


def _bare(node: Any, identifier: str) -> bool:
    """Whether an array holds an identifier itself, in a row or in a list of nothing but identifiers."""
    if isinstance(node, list):
        return any(
            _bare(item, identifier) if isinstance(item, dict | list) else is_value(item, identifier) for item in node
        )
    if isinstance(node, dict):
        return any(_bare(member, identifier) for name, member in node.items() if not REFERS.search(name))
    return False
