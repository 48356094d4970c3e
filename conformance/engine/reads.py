"""Reads: at safety level read-only, reads what the target's own lists show, and judges its structure.

Nothing is created there, so without this only lists could be tested. What is read is somebody's: nothing of it is
compared, and no value of it is stored. Identifiers become placeholders.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.core.verdict import Outcome, Reason, Verdict
from conformance.engine import checks
from conformance.engine.identifiers import addressable, listed
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.spec.producers import shown_by_list
from conformance.spec.requirement_ids import StructuralId
from conformance.spec.rules import RuleKind
from conformance.spec.specification import Operation, Specification

AT_MOST: Final = 3
"""How many things of each kind are read: several, since one may have no flows, and another no gateways."""


def readable(specification: Specification) -> list[Operation]:
    """The reads of one thing whose identifier a list shows."""
    operations = specification.operations
    return [one for one in operations.values() if shown_by_list(operations, one) is not None]


def cited(specification: Specification, operation: Operation) -> list[str]:
    """The ids of the requirements that such a read can give verdicts on."""
    requirements = specification.requirements.values()
    return [one.id for one in requirements if one.operation == operation.id and one.of_success]


def read_listed(session: Session, operation: Operation) -> None:
    """Read the first things that the list shows, and record whether each response is as documented.

    A thing may be gone by then, or the user may lack a right on it: a refusal decides nothing.

    Raises:
        NotExercised: the list shows nothing that can be read, or everything is refused.
        Blocked: there is no list.
    """
    link = shown_by_list(session.specification.operations, operation)
    assert link is not None
    listing = session.call(link.operation)
    found = [identifier for identifier, _ in listed(listing, link) if addressable(identifier)][:AT_MOST]
    if not found:
        raise NotExercised(Reason.INCONCLUSIVE, f"{link.operation} lists nothing that can be read")
    accepted = False
    for identifier in found:
        session.client.hide(operation.resource, identifier)
        exchange = session.send(operation.id, path={operation.path_parameters[0]: identifier})
        if exchange.has_response and exchange.response.ok:
            _record(session, checks.success(session.operation(operation.id), exchange))
            accepted = True
    if not accepted:
        raise NotExercised(Reason.INCONCLUSIVE, f"what {link.operation} lists is not read: {checks.describe(exchange)}")


def _record(session: Session, verdicts: Iterable[Verdict]) -> None:
    """Record verdicts on somebody's thing. A value that no document lists contradicts nothing there.

    Documents list the values that their requests use. What somebody made otherwise, as with a designer, can have more.
    """
    for one in verdicts:
        structure = StructuralId.parse(one.requirement)
        if one.outcome is Outcome.DEVIATES and structure is not None and structure.rule == RuleKind.VALUES:
            told = "something that the run did not create has a value that the documentation does not list"
            session.recorder.skip(one.requirement, Reason.INCONCLUSIVE, told)
        else:
            session.recorder.record([one])
