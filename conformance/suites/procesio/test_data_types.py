"""Data types by name, and the primitive ones (procesio-api.txt, lines 70-77)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.comparison import number
from conformance.identification import arrays, mentions, partial
from conformance.judge import NotExercised
from conformance.lifecycle import leaves
from conformance.sampling import sample
from conformance.session import Session
from conformance.verdict import Kind, Reason


@pytest.mark.requirement("PRO-DATATYPE-NAME-FINDS-TYPE")
def test_a_data_type_is_found_by_its_name(session: Session) -> None:
    creating = session.operation("createDataType")
    asked, other = (session.create(creating.id, **sample(session, creating).request()) for _ in range(2))
    found = session.call("readDataTypeByName", path={"value": asked.name})
    if not any(mentions(found, one) for one in (asked.id, asked.name, other.id, other.name)):
        raise NotExercised(Reason.INCONCLUSIVE, "the answer does not tell of which data type it speaks")
    session.judge.require(
        "PRO-DATATYPE-NAME-FINDS-TYPE",
        mentions(found, asked.id) or mentions(found, asked.name),
        found,
        asked.exchange,
        observed="the answer is about another data type",
    )


@pytest.mark.requirement("PRO-DATATYPE-PRIMITIVE-LIST", "PRO-DATATYPE-COUNT-NUMBER", "PRO-DATATYPE-COUNT-MATCHES")
def test_as_many_primitive_data_types_are_counted_as_are_listed(session: Session) -> None:
    counted = session.call("countPrimitiveDataTypes")
    numbers = set(whole_numbers(session.json(counted)))
    counts = session.judge.require(
        "PRO-DATATYPE-COUNT-NUMBER", bool(numbers), counted, observed="no whole number", kind=Kind.TYPE
    )
    shown = session.call("listPrimitiveDataTypes")
    lengths = [len(one) for one in arrays(session.json(shown))]
    lists = session.judge.require(
        "PRO-DATATYPE-PRIMITIVE-LIST", any(lengths), shown, observed="no list, or an empty one", kind=Kind.TYPE
    )
    if not (counts and lists):
        root = "PRO-DATATYPE-PRIMITIVE-LIST" if counts else "PRO-DATATYPE-COUNT-NUMBER"
        session.judge.block("PRO-DATATYPE-COUNT-MATCHES", session.judge.root_of(root))
        return
    if partial(shown):
        raise NotExercised(Reason.INCONCLUSIVE, "the list shows a part only")
    session.judge.require(
        "PRO-DATATYPE-COUNT-MATCHES",
        bool(numbers & {*lengths, sum(lengths)}),
        counted,
        shown,
        observed="another number than the list has items",
    )


def whole_numbers(body: object) -> Iterator[int]:
    """Every whole number in a body, also one in digits."""
    for _, value in leaves(body):
        found = number(value)
        if found is not None and found.is_finite() and found == int(found):
            yield int(found)
