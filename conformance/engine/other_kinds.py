"""Other kinds: things of other kinds than the one that is deleted, which a deletion must not take along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.spec.specification import Requirement, Specification

ASPECT = "leaves-other-kinds"


def requirements_of(specification: Specification) -> dict[str, Requirement]:
    """The requirements that a deletion leaves other kinds alone, by the operation that creates what is deleted."""
    found = {}
    for operation in specification.operations.values():
        link = operation.link("delete") if operation.effect == "create" and operation.names else None
        requirement = specification.aspect(link.operation, ASPECT) if link is not None else None
        if requirement is not None:
            found[operation.id] = requirement
    return found


def try_other_kinds(session: Session) -> None:
    """Delete one thing of each kind, and judge whether things of the other kinds are still there.

    All are deleted before anything is read; only if something is missing then, each kind is tested by itself.

    Raises:
        Blocked, NotExercised: fewer than two kinds of things can be created and seen.
    """
    requirements = requirements_of(session.specification)
    beside, untested = _beside(session, requirements)
    for maker, reason in untested.items():
        _say_untested(session, requirements[maker], reason)
    if len(beside) < 2:
        raise NotExercised(Reason.INCONCLUSIVE, "fewer than two kinds of things can be created and seen")
    deleted, untested = _deleted(session, beside)
    for maker, reason in untested.items():
        _say_untested(session, requirements[maker], reason)
    harms, seen = _harms(beside.values())
    for maker, exchange in deleted.items():
        if harms:
            others, _ = _beside(session, [one for one in beside if one != maker])
            again, _ = _deleted(session, [maker])
            harms_of_one, seen_of_one = _harms(others.values())
            if maker in again and seen_of_one:
                observed = f"of another kind: {'; '.join(dict.fromkeys(harms_of_one))}"
                held = not harms_of_one
                session.recorder.require(requirements[maker].id, held, again[maker], *seen_of_one, observed=observed)
        else:
            session.recorder.require(requirements[maker].id, True, exchange, *seen)


def _say_untested(session: Session, requirement: Requirement, reason: Blocked | NotExercised) -> None:
    """Say why nothing of a kind could be made or deleted."""
    if isinstance(reason, NotExercised):
        session.recorder.skip(requirement.id, reason.reason, reason.detail)
    else:
        session.recorder.block(requirement.id, reason.root)


def _beside(
    session: Session, makers: Iterable[str]
) -> tuple[Mapping[str, Neighbours], Mapping[str, Blocked | NotExercised]]:
    """One thing of each kind that can be seen, by what creates it; and why others could not be made."""
    found: dict[str, Neighbours] = {}
    untested: dict[str, Blocked | NotExercised] = {}
    for maker in makers:
        there = Neighbours(session, session.operation(maker))
        if not there.ways or session.requester.usable(there.create, "delete") is None:
            continue
        try:
            there.add()
        except (Blocked, NotExercised) as reason:
            untested[maker] = reason
        else:
            found[maker] = there
    return found, untested


def _deleted(session: Session, makers: Iterable[str]) -> tuple[dict[str, Exchange], dict[str, Blocked | NotExercised]]:
    """The accepted deletions of one more thing of each kind, by what creates it; and why others were not accepted."""
    found: dict[str, Exchange] = {}
    untested: dict[str, Blocked | NotExercised] = {}
    for maker in map(session.operation, makers):
        link = maker.link("delete")
        assert link is not None
        try:
            thing = session.create(maker.id, **build_request(session, maker).request())
            path = {**thing.entry.within, link.parameter: thing.id}
            found[maker.id] = session.call(link.operation, path=path)
        except (Blocked, NotExercised) as reason:
            untested[maker.id] = reason
    return found, untested


def _harms(beside: Iterable[Neighbours]) -> tuple[list[str], list[Exchange]]:
    """What happened to things, in words, and what shows it."""
    harms: list[str] = []
    seen: list[Exchange] = []
    for there in beside:
        harmed, looked, unseen = there.harms()
        harms += harmed
        seen += [one for one in looked if one not in unseen]
    return harms, seen
