"""Each structural requirement can fail: a response with one error contradicts exactly its requirement.

The errors are derived from the inventory of the documented fields and from the documented statuses and content types,
not from the schemas that the checks read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, Response
from conformance.core.verdict import Level, Outcome, Verdict
from conformance.engine import checks
from conformance.engine.allowance import MAX_KEPT
from conformance.engine.recorder import Blocked
from conformance.spec.specification import (
    SYSTEMS,
    Operation,
    ResponseSpec,
    fields,
    load,
)
from conformance.target.target import Safety

from .served import ABSENT_PATH, Served, request, served

Change = Callable[[Response], Response]

OPERATIONS: Final = {operation.id: operation for system in SYSTEMS for operation in load(system).operations.values()}
FIRM: Final = {
    requirement.id: requirement
    for system in SYSTEMS
    for requirement in load(system).requirements.values()
    if requirement.structural and requirement.tried == "structure" and requirement.level is not Level.MAY
}
ROWS: Final = [
    row
    for system in SYSTEMS
    for row in fields(system)
    if row["direction"] == "response" and row["operation"] != "exportProject"  # XML: the register covers its places
]

WRONG_TYPES: Final[dict[str, list[Any]]] = {
    "String": [7, True, [], {}],
    "Datetime": [7, True, [], {}],
    "Integer": ["seven", "1.5", 1.5, True, [], {}],
    "Boolean": ["perhaps", 7, [], {}],
    "Array": ["none", 7, True, {}],
    "Object": ["none", 7, True, []],
    "": [],
}
"""By the type that the documents give, if they give one; null and the empty text count as unset."""

IDENTIFIERS: Final = re.compile(
    "(prj|pro|dia|act|evn|gat|art|flo)_uid|prj_category"
    "|pro_(parent|category|create_user|summary_dynaform|calendar|tri_[a-z]+)"
)
"""What processmaker-3-project-endpoints.txt gives 32 characters (lines 8-66, 71, 82, 119, 151, 168, 181, 545)."""

EITHER: Final = [("bulkDeleteProjects", "/data[]/data[]/status", 7)]
"""Values of another type that count as documented: a status may be a number (A-PM3-08)."""

OBJECTS: Final = {("startRequest", ""), ("getCaseVariables", "")}
"""Bodies of which a document says what they are, and names no field."""

BEYOND: Final = {
    ("getProject", "/diagrams[]/flows[]/flo_is_inmidiate"): "1",
    ("listProjects", "[]/prj_update_date"): "2014-03-17 10:20:30",
    ("getProject", "/prj_update_date"): "2014-03-17 10:20:30",
    ("getProcess", "/prj_uid"): "9541049475298f190420f51086854718",
}
"""Optional fields that the references leave away or empty: they are put into an answer, so that they can be wrong."""

UNAVAILABLE: Final = "a session that gets no token tries nothing: the run says that the target is unavailable"
NEVER: Final = {"authenticate:exists": UNAVAILABLE, "authenticate.2XX:status": UNAVAILABLE}
"""What no mutant turns, and why."""


@dataclass(frozen=True)
class Mutant:
    """One thing that is wrong in an answer: the requirement that must turn, and the change of the answer."""

    requirement: str
    operation: Operation
    answer: ResponseSpec
    change: Change
    place: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it is about the answer to a call that is refused."""
        return self.answer.status[0] != "2"


# -- what is made wrong -----------------------------------------------------------------------------------------------


def steps(place: str) -> list[str]:
    """The members that lead to a place; `[]` is an element of an array."""
    return [step.removeprefix("/") for step in re.findall(r"\[\]|/[^/\[]+", place)]


def at(body: Any, path: list[str]) -> Any:
    """The value at a place, in the last element of each array on the way."""
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
    return with_bytes(lambda body: json.dumps(edit(json.loads(body))).encode())


def with_bytes(edit: Callable[[bytes], bytes]) -> Change:
    return lambda response: replace(response, body=edit(response.body))


def with_status(status: int) -> Change:
    return lambda response: replace(response, status=status)


def of_type(media_type: str) -> Change:
    """Another content type, or none."""

    def change(response: Response) -> Response:
        others = tuple((name, value) for name, value in response.headers if name.lower() != "content-type")
        return replace(response, headers=(*others, *([("content-type", media_type)] if media_type else [])))

    return change


def answer_with_body(operation: str) -> tuple[Operation, ResponseSpec]:
    """The operation, and the answer whose body a document describes."""
    found = OPERATIONS[operation]
    return found, next(response for response in found.responses if response.media_types)


def field_mutants(row: dict[str, str]) -> Iterator[Mutant]:
    """What can be wrong with a documented field."""
    operation, answer = answer_with_body(row["operation"])
    place, kind = row["place"], row["type"]

    def mutant(rule: str, change: Change) -> Mutant:
        return Mutant(f"{operation.id}.{answer.status}.{place}:{rule}", operation, answer, change, place)

    if row["required"] == "yes":
        yield mutant("present", without(place))
    for wrong in WRONG_TYPES[kind]:
        if isinstance(wrong, str) and row["values"]:
            yield mutant("values", with_value(place, wrong))  # of a closed set, no text is a documented value
        elif (operation.id, place, wrong) not in EITHER:
            yield mutant("type", with_value(place, wrong))
    if row["values"]:
        first = row["values"].split("|")[0]
        for other in (2, -1, "2") if kind == "Integer" else ("NEITHER", f"{first}X"):
            yield mutant("values", with_value(place, other))
    if kind == "Datetime":
        yield mutant("format", with_value(place, "the day before"))
        yield mutant("format", with_value(place, "17/03/2014"))
    shown_only = row["asterisk"] == "" and row["required"] == "no"  # line 294, 297: in an example, beside no table
    if IDENTIFIERS.fullmatch(row["name"]) and not shown_only:
        yield mutant("format", with_value(place, "a" * 31))
        yield mutant("format", with_value(place, "a" * 33))
    if row["name"] == "access_token":
        yield mutant("format", with_value(place, ""))
    if row["name"] == "pro_sub_category":  # always empty, says line 54
        yield mutant("format", with_value(place, "sub"))


def container_mutants() -> Iterator[Mutant]:
    """What can be wrong with bodies and with elements of arrays, which are no fields: they enclose documented ones."""
    places = {(row["operation"], row["place"]) for row in ROWS}
    enclosing = {(name, place[: end.end()]) for name, place in places for end in re.finditer(r"^|\[\]", place)}
    for name, place in sorted({*enclosing, *OBJECTS}):
        operation, answer = answer_with_body(name)
        requirement = f"{name}.{answer.status}.{place}:type"
        array = any(value == name and inner.startswith(f"{place}[]") for value, inner in places)
        changes = [with_value(place, wrong) for wrong in WRONG_TYPES["Array" if array else "Object"]]
        if not place:
            changes += [with_bytes(lambda body: body[:-1]), with_bytes(lambda body: b"")]
        for change in changes:
            yield Mutant(requirement, operation, answer, change, place)


def answer_mutants(operation: Operation) -> Iterator[Mutant]:
    """What can be wrong with a documented status and content type."""
    for answer in operation.responses:
        head = f"{operation.id}.{answer.status}"
        if answer.status[0] == "2" and answer.status != "2XX":
            for status in {200, 201, 202, 204} - {int(answer.status)}:
                yield Mutant(f"{head}:status", operation, answer, with_status(status))
        for media_type in ("text/plain", "text/html; charset=utf-8", "") if answer.media_types else ():
            yield Mutant(f"{head}:content-type", operation, answer, of_type(media_type))


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
CALLED: Final = [name for name in FIRM if name.endswith((":exists", ".2XX:status")) and name not in NEVER]
"""What is decided by a call that is not accepted, and not by an answer."""


# -- what comes of it -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def references() -> Iterator[Served]:
    with served() as references:
        yield references


def judged(mutant: Mutant, exchange: Exchange) -> list[Verdict]:
    """What the checks say of an answer of the kind that the mutant is about."""
    if mutant.is_error:
        return checks.content(mutant.operation, mutant.answer, exchange)
    return checks.success(mutant.operation, exchange)


def those(verdicts: list[Verdict], outcome: Outcome) -> set[str]:
    return {verdict.requirement for verdict in verdicts if verdict.outcome is outcome}


@pytest.mark.parametrize("requirement", MUTANTS)
def test_mutant_of_a_response_breaks_exactly_its_requirement(requirement: str, references: Served) -> None:
    for mutant in MUTANTS[requirement]:
        exchange = references.error(mutant.operation) if mutant.is_error else references.answer(mutant.operation)
        good = exchange.response
        if (mutant.operation.id, mutant.place) in BEYOND:
            good = with_value(mutant.place, BEYOND[mutant.operation.id, mutant.place])(good)
        control = judged(mutant, replace(exchange, response=good))
        assert requirement in those(control, Outcome.CONFORMS)
        assert those(control, Outcome.DEVIATES) == set()
        bad = mutant.change(good)
        assert those(judged(mutant, replace(exchange, response=bad)), Outcome.DEVIATES) == {requirement}, bad.body


@pytest.mark.parametrize("requirement", CALLED)
def test_missing_or_refusing_operation_breaks_one_requirement(requirement: str, references: Served) -> None:
    operation = OPERATIONS[FIRM[requirement].operation]
    for status in (ABSENT_PATH, 405, 501) if requirement.endswith(":exists") else (400, 500):
        session, recorder = references.begin(operation)
        call = request(session, operation)
        with references.spoiler.spoiling(operation, status), pytest.raises(Blocked):
            session.call(operation.id, **call)
        assert {deviation.requirement for deviation in recorder.deviations} == {requirement}, status
        control = checks.success(operation, references.answer(operation))
        assert requirement in those(control, Outcome.CONFORMS)


def test_missing_deletion_is_reported_before_creation_stops() -> None:
    creating, deleting = OPERATIONS["createProject"], OPERATIONS["deleteProject"]
    with served() as references:
        session, recorder = references.begin(creating)
        session.safety = Safety.OWNED  # where everything may be destroyed, it would go on
        with references.spoiler.spoiling(deleting, ABSENT_PATH):
            for _ in range(MAX_KEPT):
                session.remove(session.create(creating.id, **request(session, creating)).id, creating)
            assert recorder.deviations == []
            with pytest.raises(Blocked):
                session.create(creating.id, **request(session, creating))
        assert {deviation.requirement for deviation in recorder.deviations} == {"deleteProject:exists"}
        session.create(creating.id, **request(session, creating))


def test_every_structural_requirement_has_a_mutant_or_a_reason() -> None:
    assert set(FIRM) - {*MUTANTS, *CALLED} == set(NEVER)


def test_every_mutant_names_an_existing_requirement() -> None:
    known = {name for system in SYSTEMS for name in load(system).requirements}
    assert set(MUTANTS) - known == set()
