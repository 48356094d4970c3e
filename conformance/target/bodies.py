"""Request bodies in the target file, and where the run inserts names and identifiers.

A given body replaces the guess completely. The run replaces `{name}` by a name of its own, and `{id}` by the identifier
of the request's resource; without them the places are found by the names of the members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from conformance.spec.operation import Body, Operation, ResourceReference
from conformance.spec.touched_ids import at

NAME: Final = "{name}"
IDENTIFIER: Final = "{id}"
CALLED: Final = ("name", "title", "displayname", "label")
"""Members that hold what a thing is called, the likeliest first."""
JSON: Final = "application/json"
GIVEN: Final = "given"
"""The name of the one example that a given body has."""


def given(operations: Mapping[str, Operation], bodies: Mapping[str, Any]) -> dict[str, Operation]:
    """The operations with the bodies of the target file, and the places of names and identifiers in them.

    If only the body of a create is given, updates and validations of that resource are sent with the same body, with
    the identifier next to the name.
    """
    known = dict(operations)
    for name, content in bodies.items():
        operation = operations.get(name)
        if (
            operation is not None
            and operation.undocumented_request
            and operation.body(JSON)
            and isinstance(content, dict)
        ):
            known[name] = _placed(operation, content)
    for made in [item for item in known.values() if item.effect == "create" and item.id in bodies and item.names]:
        for other in operations.values():
            if other.id not in bodies and _follows(other, made):
                content = _beside(deepcopy(bodies[made.id]), made.names[0].pointer, other)
                known[other.id] = _placed(other, content)
    return known


def _follows(operation: Operation, made: Operation) -> bool:
    """Whether an operation has the undocumented definition of what another one creates as its body."""
    body = operation.body(JSON)
    return (
        operation.undocumented_request
        and operation.effect in ("update", "execute")
        and operation.resource == made.resource
        and not operation.path_parameters
        and body is not None
        and "name" in body.schema.get("properties", {})
        and any(touch.where == "body" for touch in operation.touches)
    )


def _beside(content: Any, pointer: str, operation: Operation) -> Any:
    """The body of a create with an identifier next to the name, under the member of the operation's guess."""
    member = next(touch.pointer for touch in operation.touches if touch.where == "body").rpartition("/")[2]
    holder = next(at(content, pointer.rpartition("/")[0]), content)
    if isinstance(holder, dict):
        for name in [name for name, value in holder.items() if value == IDENTIFIER]:
            del holder[name]  # the type of the resource does not change
        holder[pointer.rpartition("/")[2]] = NAME
        holder[member] = IDENTIFIER
    return content


def _placed(operation: Operation, content: Any) -> Operation:
    """An operation with a given body, and the places of names and identifiers in it."""
    documented = operation.body(JSON)
    assert documented is not None
    found = dict(_places(content))
    usual = [touch.pointer for touch in (*operation.names, *operation.touches) if touch.where == "body"]
    marked = {NAME, IDENTIFIER} & {value for value in found.values() if isinstance(value, str)}
    if not marked and (len(operation.names) > 1 or (operation.names and all(place in found for place in usual))):
        return operation
    wanted = operation.names or (ResourceReference("body", pointer="/name"),)
    names = tuple(replace(wanted[0], pointer=place) for place in _names(content, wanted[0].pointer))
    touches = tuple(
        replace(touch, pointer=_identifier(content, touch.pointer, names)) if touch.where == "body" else touch
        for touch in operation.touches
    )
    body = Body(JSON, {"type": "object"}, {GIVEN: content}, documented.required, {})
    return replace(
        operation,
        names=names,
        touches=touches,
        bodies=tuple(body if item is documented else item for item in operation.bodies),
    )


def _names(content: Any, usual: str) -> list[str]:
    found = list(dict(_places(content)).items())
    marked = [place for place, value in found if value == NAME]
    if marked:
        return marked
    if any(place == usual for place, _ in found):
        return [usual]
    for word in CALLED:
        called = [place for place, value in found if isinstance(value, str) and _member(place).casefold() == word]
        if called:
            return [min(called, key=lambda place: place.count("/"))]
    return []


def _identifier(content: Any, usual: str, names: tuple[ResourceReference, ...]) -> str:
    found = dict(_places(content))
    marked = next((place for place, value in found.items() if value == IDENTIFIER), "")
    if marked or usual in found:
        return marked or usual
    same = [place for place in found if _member(place) == _member(usual)]
    if same:
        return min(same, key=lambda place: place.count("/"))
    holder = names[0].pointer.rpartition("/")[0] if names else ""
    return f"{holder}/{_member(usual)}"


def _member(place: str) -> str:
    return place.rpartition("/")[2]


def _places(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar with its JSON pointer."""
    if isinstance(node, dict):
        for name, member in node.items():
            yield from _places(member, f"{place}/{name}")
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _places(item, f"{place}/{index}")
    else:
        yield place, node
