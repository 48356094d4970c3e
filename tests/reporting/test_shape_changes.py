"""Changes that the documents allow: which the shapes of two runs show, what they do to clients, and each said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.core.verdict import Kind
from conformance.report.run_record import FieldShape, RunRecord
from conformance.report.upgrade.comparison import Advice, compare
from conformance.report.upgrade.effect import Effect, effect
from conformance.report.upgrade.shape_changes import What, changes

from .sample import deviation
from .shaped_runs import having, run, shaped

if TYPE_CHECKING:
    pass


def seen(before: RunRecord, after: RunRecord) -> list[tuple[What, str, str, str]]:
    return [(change.what, change.place, change.before, change.after) for change in changes(before, after)]


# -- which changes there are -------------------------------------------------------------------------------------------


EMPTY_LIST = shaped(fields={"": ["object"], "/a": ["string"], "/n": ["integer"], "/l": ["array"]})
NO_TOTAL = (What.HEADER, "x-total", "in every response", "not in every response")


def uid(*formats: str, values: tuple[Any, ...] = (), always: bool = True) -> FieldShape:
    return FieldShape(types=["string"], formats=list(formats), values=list(values), always=always)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (having(), having(), []),
        (having(), having(a=None), [(What.FIELD_GONE, "/a", "string", "absent")]),
        (having(), having(b=["null"]), [(What.FIELD_NEW, "/b", "absent", "null")]),
        (having(), having(n=["string"]), [(What.RETYPED, "/n", "integer", "string")]),
        (having(), having(n=uid("integer")), [(What.RETYPED, "/n", "integer", "string (integer)")]),
        (having(), having(n=["number"]), []),
        (having(n=["integer", "string"]), having(n=["string"]), []),
        (having(), having(a=["null", "string"]), [(What.NULLABLE, "/a", "string", "null, string")]),
        (having(a=["null", "string"]), having(), []),
        (having(a=uid("uid")), having(a=uid("uuid")), [(What.FORMAT, "/a", "uid", "uuid")]),
        (having(a=uid("text", "empty")), having(a=uid("uid")), []),
        (having(a=uid("uid")), having(a=uid("uid", "empty")), []),
        (having(a=uid(values=("A",))), having(a=uid(values=("A", "B"))), [(What.VALUES, "/a", "A", "A, B")]),
        (having(a=uid()), having(a=uid(always=False)), [(What.FIELD_GONE, "/a", "always there", "sometimes absent")]),
        (shaped(), EMPTY_LIST, []),
        (shaped(), shaped(type="text/json"), [(What.CONTENT_TYPE, "", "application/json", "text/json")] * 2),
        (shaped(), shaped(headers=["content-type"]), [NO_TOTAL] * 2),
        (shaped(), shaped(headers=["content-type", "x-total", "server", "date"]), []),
        (shaped(), shaped(statuses=("200", "409")), [(What.STATUS, "", "404", "409")]),
        (shaped(), shaped(statuses=("200", "404", "503")), []),
        (shaped(), shaped(statuses=("200",)), []),
        (shaped(), shaped(error={"": ["object"], "/error": ["object"]}), [(What.ERROR, "/error", "string", "object")]),
        (
            shaped(),
            shaped(statuses=("200", "409"), error={"": ["object"], "/message": ["string"]}),
            [
                (What.STATUS, "", "404", "409"),
                (What.ERROR, "/error", "string", "absent"),
                (What.ERROR, "/message", "absent", "string"),
            ],
        ),
    ],
)  # fmt: skip
def test_shape_change_has_one_entry(before: RunRecord, after: RunRecord, expected: list[Any]) -> None:
    assert seen(before, after) == expected


def test_members_of_a_removed_object_are_not_listed_separately() -> None:
    before = shaped(fields={"": ["object"], "/o": ["object"], "/o/x": ["string"], "/o/*": ["string"]})
    assert [place for _, place, _, _ in seen(before, shaped(fields={"": ["object"]}))] == ["/o"]
    retyped = seen(before, shaped(fields={"": ["object"], "/o": ["string"]}))
    assert [(what, place) for what, place, _, _ in retyped] == [(What.RETYPED, "/o")]


@pytest.mark.parametrize(
    ("old", "new", "calls", "told"),
    [(0.1, 0.5, 9, True), (0.1, 0.5, 4, False), (0.01, 0.2, 9, False), (1.0, 2.0, 9, False), (0.5, 0.1, 9, False)],
)
def test_times_are_reported_by_ratio_floor_and_number_of_calls(old: float, new: float, calls: int, told: bool) -> None:
    def timed(seconds: float) -> RunRecord:
        return run(durations={"medians": {"getProject": seconds}, "calls": {"getProject": calls}})

    assert ([change.what for change in changes(timed(old), timed(new))] == [What.SLOWER]) is told


def test_one_change_at_many_responses_is_one_entry() -> None:
    told = compare(shaped(), shaped(type="text/json"))
    (change,) = told.noticed
    assert change.answers == ["getProject 200", "getProject 404"]
    assert told.reason == "no new deviation, but 1 change that breaks clients"


@pytest.mark.parametrize(
    ("kind", "location", "after", "noticed"),
    [
        (Kind.MISSING_FIELD, "/a", having(a=None), False),
        (Kind.MISSING_FIELD, "/n", having(a=None), True),
        (Kind.TYPE, "/l", having(l=["string"]), False),
        (Kind.TYPE, "", having(a=["integer"]), False),
        (Kind.REFUSED, "", shaped(statuses=("200", "404", "422")), False),
        (Kind.NOT_REFUSED, "", shaped(statuses=("200", "409")), True),
        (Kind.NOT_REFUSED, "", shaped(statuses=("200", "204", "404")), False),
        (Kind.EFFECT, "", having(a=None), True),
        (Kind.CONTENT_TYPE, "", shaped(type="text/html"), False),
        (Kind.ERROR_OBJECT, "", shaped(error={"": ["object"]}), False),
    ],
)
def test_a_change_that_a_deviation_explains_is_not_reported_twice(
    kind: Kind, location: str, after: RunRecord, noticed: bool
) -> None:
    found = deviation(1, kind=kind, location=location)
    other = deviation(2, kind=kind, location=location, operation="listProjects")
    assert bool(compare(shaped(), after.model_copy(update={"deviations": [found]})).noticed) is noticed
    assert compare(shaped(), after.model_copy(update={"deviations": [other]})).noticed


# -- what changes do to clients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (having(), having(a=None), [Effect.BREAKS]),
        (having(), having(n=["string"]), [Effect.BREAKS]),
        (having(a=uid()), having(a=uid(always=False)), [Effect.BREAKS]),
        (having(a=uid(always=False)), having(a=None), [Effect.MAY_BREAK]),
        (shaped(statuses=("200",)), shaped(statuses=("201",)), [Effect.BREAKS]),
        (shaped(statuses=("200",)), shaped(statuses=("200", "201")), [Effect.MAY_BREAK]),
        (shaped(), shaped(statuses=("200", "409")), [Effect.MAY_BREAK]),
        (shaped(statuses=("200",)), shaped(statuses=("200",), type="text/json"), [Effect.BREAKS]),
        (shaped(statuses=("404",)), shaped(statuses=("404",), type="text/json"), [Effect.MAY_BREAK]),
        (having(), having(a=["null", "string"]), [Effect.MAY_BREAK]),
        (having(a=uid("uid")), having(a=uid("uuid")), [Effect.MAY_BREAK]),
        (having(a=uid(values=("A",))), having(a=uid(values=("A", "B"))), [Effect.MAY_BREAK]),
        (shaped(statuses=("200",)), shaped(statuses=("200",), headers=["content-type"]), [Effect.MAY_BREAK]),
        (shaped(), shaped(error={"": ["object"], "/error": ["object"]}), [Effect.MAY_BREAK]),
        (having(), having(b=["string"]), [Effect.ADDITION]),
        (shaped(statuses=("200",), headers=[]), shaped(statuses=("200",), headers=["x-total"]), [Effect.ADDITION]),
    ],
)
def test_change_is_breaking_possibly_breaking_or_additive(
    before: RunRecord, after: RunRecord, expected: list[Effect]
) -> None:
    assert [effect(change) for change in changes(before, after)] == expected


def test_additions_alone_are_safe() -> None:
    told = compare(having(), having(b=["string"]))
    assert (told.verdict, told.reason.endswith("; 1 addition")) == (Advice.SAFE, True)
