"""Test that deleting a resource does not delete resources of other kinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Resource, Session
from conformance.spec.specification import Requirement, Specification

ASPECT = "leaves-other-kinds"


def requirements_of(specification: Specification) -> dict[str, Requirement]:
    """The requirements that a deletion leaves other kinds alone, by the operation that creates the deleted resource."""
    found = {}
    for operation in specification.operations.values():
        link = operation.link("delete") if operation.effect == "create" and operation.names else None
        requirement = specification.aspect(link.operation, ASPECT) if link is not None else None
        if requirement is not None:
            found[operation.id] = requirement
    return found


def check_other_kinds(session: Session) -> None:
    """Delete one resource of each kind, and record whether those of the other kinds still exist.

    All are deleted before anything is read. Only if something is missing then is each kind tested separately.

    Raises:
        Blocked, NotExercised: fewer than two kinds of resources can be created and read.
    """
    requirements = requirements_of(session.specification)
    beside, untested = _create_each(session, requirements)
    for create, reason in untested.items():
        _record_untested(session, requirements[create], reason)
    if len(beside) < 2:
        raise NotExercised(Reason.INCONCLUSIVE, "fewer than two kinds of things can be created and seen")
    deleted, untested = _delete_each(session, beside, beside.values())
    for create, reason in untested.items():
        _record_untested(session, requirements[create], reason)
    harms, seen = _harms(beside.values())
    separately = harms or not all(exchange.response.ok for exchange in deleted.values())
    for create, exchange in deleted.items():
        if separately:
            others, _ = _create_each(session, [value for value in beside if value != create])
            again, untested = _delete_each(session, [create], others.values())
            harms_of_one, seen_of_one = _harms(others.values())
            if create in untested:
                _record_untested(session, requirements[create], untested[create])
            elif seen_of_one:
                observed = f"of another kind: {'; '.join(dict.fromkeys(harms_of_one))}"
                unharmed = not harms_of_one
                evidence = (*seen_of_one, again[create]) if harms_of_one else (again[create], *seen_of_one)
                session.recorder.require(requirements[create].id, unharmed, *evidence, observed=observed)
            else:
                reason = NotExercised(Reason.INCONCLUSIVE, "nothing of another kind can be read")
                _record_untested(session, requirements[create], reason)
        else:
            session.recorder.require(requirements[create].id, True, exchange, *seen)


def _record_untested(session: Session, requirement: Requirement, reason: Blocked | NotExercised) -> None:
    """Record why no resource of a kind could be created or deleted."""
    if isinstance(reason, NotExercised):
        session.recorder.skip(requirement.id, reason.reason, reason.detail)
    else:
        session.recorder.block(requirement.id, reason.root)


def _create_each(
    session: Session, creates: Iterable[str]
) -> tuple[Mapping[str, Neighbours], Mapping[str, Blocked | NotExercised]]:
    """Create one readable resource of each kind. Returns them by their create, and why others could not be created."""
    created: dict[str, Neighbours] = {}
    untested: dict[str, Blocked | NotExercised] = {}
    for create in creates:
        neighbours = Neighbours(session, session.operation(create))
        if not neighbours.views or session.requester.usable(neighbours.create, "delete") is None:
            continue
        try:
            neighbours.add()
        except (Blocked, NotExercised) as reason:
            untested[create] = reason
        else:
            created[create] = neighbours
    return created, untested


def _delete_each(
    session: Session, creates: Iterable[str], beside: Iterable[Neighbours]
) -> tuple[dict[str, Exchange], dict[str, Blocked | NotExercised]]:
    """Create and delete one more resource of each kind. Returns the deletions by create, and why others failed.

    All are created before the neighbours are looked at: harm that a creation did is not blamed on a deletion. Of
    several deletions none is judged by itself: an earlier one may have deleted what a later one names.
    """
    creates = list(creates)
    delete = session.send if len(creates) > 1 else session.call
    resources: dict[str, Resource] = {}
    deleted: dict[str, Exchange] = {}
    untested: dict[str, Blocked | NotExercised] = {}
    for create in map(session.operation, creates):
        try:
            resources[create.id] = session.create(create.id, **build_request(session, create).request())
        except (Blocked, NotExercised) as reason:
            untested[create.id] = reason
    for neighbours in beside:
        neighbours.look()
    for create, resource in ((session.operation(name), resource) for name, resource in resources.items()):
        link = create.link("delete")
        assert link is not None
        try:
            path = {**resource.entry.within, link.parameter: resource.id}
            deleted[create.id] = delete(link.operation, path=path)
        except (Blocked, NotExercised) as reason:
            untested[create.id] = reason
    return deleted, untested


def _harms(beside: Iterable[Neighbours]) -> tuple[list[str], list[Exchange]]:
    """What happened to the resources, in words, and the exchanges that show it, those of harm first."""
    harms: list[str] = []
    harmed: list[Exchange] = []
    unharmed: list[Exchange] = []
    for neighbours in beside:
        new_harms, exchanges, unseen = neighbours.harms()
        harms += new_harms
        (harmed if new_harms else unharmed).extend(exchange for exchange in exchanges if exchange not in unseen)
    return harms, [*harmed, *unharmed]
