"""Each structural requirement can fail: an answer with one thing wrong turns exactly the requirement that speaks of it.

What is made wrong is derived from the inventory of the documented fields and from the documented statuses and content
types, not from the schemas that the checks read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from served import ABSENT_PATH, Served, request, served

from conformance import checks
from conformance.exchange import Exchange, Response
from conformance.judge import Blocked
from conformance.specification import SYSTEMS, Operation, fields, load
from conformance.verdict import Level, Outcome, Verdict

Change = Callable[[Response], Response]

OPERATIONS: Final = {one.id: one for system in SYSTEMS for one in load(system).operations.values()}
FIRM: Final = {
    one.id: one
    for system in SYSTEMS
    for one in load(system).requirements.values()
    if one.structural and one.tried == "structure" and one.level is not Level.MAY
}
ROWS: Final = [
    row
    for system in SYSTEMS
    for row in fields(system)
    if row["direction"] == "response" and row["operation"] != "exportProject"  # XML: the register speaks of its places
]

WRONG_TYPES: Final[dict[str, list[Any]]] = {
    "String": [7, True, [], {}],
    "Datetime": [7, True, [], {}],
    "Integer": ["seven", "1.5", 1.5, True, [], {}],
    "Boolean": ["perhaps", 7, [], {}],
    "Array": ["none", 7, True, {}],
    "Object": ["none", 7, True, []],
}
"""By the type that the documents give; null and the empty text count as unset."""

IDENTIFIERS: Final = frozenset(
    "prj_uid pro_uid dia_uid act_uid evn_uid gat_uid art_uid flo_uid prj_category pro_parent pro_category "
    "pro_create_user pro_summary_dynaform pro_calendar pro_tri_create pro_tri_open pro_tri_deleted pro_tri_canceled "
    "pro_tri_paused pro_tri_reassigned pro_tri_unpaused".split()
)
"""What processmaker-3-project-endpoints.txt gives 32 characters (lines 8-66, 71, 82, 119, 151, 168, 181, 545)."""

BEYOND: Final = {
    "getProject": {"/diagrams[]/flows[]/flo_is_inmidiate": "1"},
    "getProcess": {"/prj_uid": "9541049475298f190420f51086854718"},
}
"""Optional fields that the references leave away; they are added to the answers, so that they can be wrong."""

STILL: Final = {
    "authenticate.2XX:status": "a session that gets no token ends before: the target is unavailable",
}
"""What no mutant turns, and why."""


@dataclass(frozen=True)
class Mutant:
    """One thing that is wrong in an answer: the requirement that must turn, and the change of the answer."""

    requirement: str
    operation: Operation
    status: str
    change: Change

    def turned(self, exchange: Exchange) -> Exchange:
        """The exchange with the changed answer."""
        assert exchange.response is not None
        return replace(exchange, response=self.change(exchange.response))


# -- what is made wrong -----------------------------------------------------------------------------------------------


def steps(place: str) -> list[str]:
    """The members that lead to a place; `[]` is an element of an array."""
    return [step.removeprefix("/") for step in re.findall(r"\[\]|/[^/\[]+", place)]


def at(body: Any, path: list[str]) -> Any:
    """What stands at a place, the last element of each array on the way."""
    for step in path:
        body = body[-1] if step == "[]" else body[step]
    return body


def with_value(place: str, value: Any) -> Change:
    """Put a value at a place of the body."""

    def edit(body: Any) -> Any:
        if not place:
            return value
        *way, last = steps(place)
        at(body, way)[-1 if last == "[]" else last] = value
        return body

    return edited(edit)


def without(place: str) -> Change:
    """Take a member out of the body."""

    def edit(body: Any) -> Any:
        *way, last = steps(place)
        del at(body, way)[last]
        return body

    return edited(edit)


def edited(edit: Callable[[Any], Any]) -> Change:
    return lambda response: replace(response, body=json.dumps(edit(json.loads(response.body))).encode())


def of_type(media_type: str) -> Change:
    """Another content type, or none."""

    def change(response: Response) -> Response:
        others = tuple((name, value) for name, value in response.headers if name.lower() != "content-type")
        return replace(response, headers=(*others, *([("content-type", media_type)] if media_type else [])))

    return change


def field_mutants(row: dict[str, str]) -> Iterator[Mutant]:
    """What can be wrong with a documented field."""
    operation = OPERATIONS[row["operation"]]
    answer = next(one for one in operation.answers if one.media_types)
    place, kind = row["place"], row["type"]
    whole = "Number" if kind == "Integer" else kind

    def mutant(rule: str, change: Change) -> Mutant:
        return Mutant(f"{operation.id}.{answer.status}.{place}:{rule}", operation, answer.status, change)

    if row["required"] == "yes":
        yield mutant("present", without(place))
    for wrong in WRONG_TYPES[kind]:
        yield mutant("type", with_value(place, wrong))
    if row["values"]:
        yield mutant("values", with_value(place, 2 if whole == "Number" else "NEITHER"))
        yield mutant("values", with_value(place, "2" if whole == "Number" else f"{row['values'].split('|')[0]}X"))
    if kind == "Datetime":
        yield mutant("format", with_value(place, "the day before"))
        yield mutant("format", with_value(place, "17/03/2014"))
    shown_only = row["asterisk"] == "" and row["required"] == "no"  # line 294, 297: in an example, beside no table
    if row["name"] in IDENTIFIERS and not shown_only:
        yield mutant("format", with_value(place, "a" * 31))
        yield mutant("format", with_value(place, "a" * 33))
    if row["name"] == "access_token":
        yield mutant("format", with_value(place, ""))
    if row["name"] == "pro_sub_category":  # always empty, says line 54
        yield mutant("format", with_value(place, "sub"))


def container_mutants() -> Iterator[Mutant]:
    """What can be wrong with bodies and with elements of arrays, which are no fields: they enclose documented ones."""
    enclosing = {
        (row["operation"], row["place"][:end])
        for row in ROWS
        for end in [0, *(found.end() for found in re.finditer(r"\[\]", row["place"]))]
    }
    for name, place in sorted(enclosing):
        operation = OPERATIONS[name]
        status = next(one.status for one in operation.answers if one.media_types)
        arrays = {f"{row['place']}" for row in ROWS if row["operation"] == name}
        is_array = any(inner.startswith(f"{place}[]") for inner in arrays)
        for wrong in WRONG_TYPES["Array" if is_array else "Object"]:
            yield Mutant(f"{name}.{status}.{place}:type", operation, status, with_value(place, wrong))
        if not place:
            cut = Mutant(f"{name}.{status}.:type", operation, status, lambda was: replace(was, body=was.body[:-1]))
            yield from (cut, replace(cut, change=lambda was: replace(was, body=b"")))


def answer_mutants(operation: Operation) -> Iterator[Mutant]:
    """What can be wrong with a documented status and content type."""
    for answer in operation.answers:
        if answer.status[0] == "2" and answer.status != "2XX":
            for status in {200, 201, 202, 204} - {int(answer.status)}:
                yield Mutant(
                    f"{operation.id}.{answer.status}:status", operation, answer.status, with_status(status)
                )
        for media_type in ("text/plain", "text/html; charset=utf-8", "") if answer.media_types else ():
            yield Mutant(f"{operation.id}.{answer.status}:content-type", operation, answer.status, of_type(media_type))
        if answer.media_types and operation.system == "processmaker4":  # a JSON object, whatever is in it
            ...


def with_status(status: int) -> Change:
    return lambda response: replace(response, status=status)


def grouped() -> dict[str, list[Mutant]]:
    """All mutants by the requirement that they turn."""
    found: dict[str, list[Mutant]] = {}
    made = [mutant for row in ROWS for mutant in field_mutants(row)]
    made += container_mutants()
    made += (mutant for operation in OPERATIONS.values() for mutant in answer_mutants(operation))
    for mutant in made:
        found.setdefault(mutant.requirement, []).append(mutant)
    return found


MUTANTS: Final = grouped()
