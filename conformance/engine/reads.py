"""At safety level read-only, read what the target's lists contain, and check the structure of the responses.

Nothing is created at this level, so without these reads only lists could be tested. The resources belong to others:
their values are neither compared nor stored, and identifiers become placeholders.
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

MAX_READ: Final = 3
"""Resources of each kind that are read: several, since one may have no flows, and another no gateways."""


def readable(specification: Specification) -> list[Operation]:
    """The reads of one resource whose identifier a list contains."""
    operations = specification.operations
    return [operation for operation in operations.values() if shown_by_list(operations, operation) is not None]


def cited(specification: Specification, operation: Operation) -> list[str]:
    """The ids of the requirements that such a read can decide."""
    requirements = specification.requirements.values()
    return [
        requirement.id
        for requirement in requirements
        if requirement.operation == operation.id and requirement.of_success
    ]


def read_listed(session: Session, operation: Operation) -> None:
    """Read the first resources in the list, and record whether each response is as documented.

    A resource may be gone by then, or the user may lack a permission: a refusal decides nothing.

    Raises:
        NotExercised: the list contains nothing that can be read, or everything is refused.
        Blocked: there is no list.
    """
    link = shown_by_list(session.specification.operations, operation)
    assert link is not None
    listing = session.call(link.operation)
    ids = [identifier for identifier, _ in listed(listing, link) if addressable(identifier)][:MAX_READ]
    if not ids:
        raise NotExercised(Reason.INCONCLUSIVE, f"{link.operation} lists nothing that can be read")
    accepted = False
    for identifier in ids:
        session.client.hide(operation.resource, identifier)
        exchange = session.send(operation.id, path={operation.path_parameters[0]: identifier})
        if exchange.has_response and exchange.response.ok:
            _record(session, checks.success(session.operation(operation.id), exchange))
            accepted = True
    if not accepted:
        raise NotExercised(Reason.INCONCLUSIVE, f"what {link.operation} lists is not read: {checks.describe(exchange)}")


def _record(session: Session, verdicts: Iterable[Verdict]) -> None:
    """Record verdicts on a resource that the run did not create. An undocumented value contradicts nothing there.

    The documents list the values that their requests use. A resource made in another way, as with a designer, can have
    more.
    """
    for verdict in verdicts:
        structure = StructuralId.parse(verdict.requirement)
        if verdict.outcome is Outcome.DEVIATES and structure is not None and structure.rule == RuleKind.VALUES:
            detail = "something that the run did not create has a value that the documentation does not list"
            session.recorder.skip(verdict.requirement, Reason.INCONCLUSIVE, detail)
        else:
            session.recorder.record([verdict])
