"""Engine tests: the test functions of the engines, written once. The suite of a system assigns those that apply to it.

For example, in `test_lifecycle.py` of a suite:

    test_a_life_goes_as_documented = lifecycle_tests("todo")

Each function returns a pytest test with one case for each operation or requirement that the system's spec gives it, and
each case cites what it can give verdicts on. Each raises UnusableSystem where no such system is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import pytest

from conformance.engine import access, lifecycle, properties, reads
from conformance.engine.cases.case import chosen
from conformance.engine.cases.replay import Fresh, Replay, cited, concerned, per_sort
from conformance.engine.sampling import Sample, build_request
from conformance.engine.session import Session
from conformance.engine.walks import walks
from conformance.spec.specification import Operation, Requirement, Specification, load

Prepare = Callable[[Session, Operation], Sample]
"""How a documented request to an operation is made, with what must exist for it."""


def lifecycle_tests(system: str) -> Callable[..., None]:
    """The life of each resource: what is created is read, listed, updated and deleted, by the links of the spec."""
    spec = load(system)

    @_for_each("operation", _citing(lifecycle.lifecycle_operations(spec), lifecycle.steps, spec))
    def test(session: Session, operation: Operation) -> None:
        lifecycle.Lifecycle(session, operation).run()

    return test


def walk_tests(system: str) -> Callable[..., None]:
    """Several resources at once: what is created, updated and deleted in any order is as it was last made."""
    spec = load(system)

    @_for_each("operation", _citing(lifecycle.lifecycle_operations(spec), walks.requirements, spec))
    def test(session: Session, operation: Operation, seed: int, examples: int) -> None:
        walks.Walks(session, operation).run(seed, examples)

    return test


def access_tests(
    system: str,
    prepare: Prepare = build_request,
    by_hand: dict[str, Callable[[Session, Requirement], None]] | None = None,
) -> Callable[..., None]:
    """Who may call an operation: each requirement on that. `by_hand` tests the operations with these ids instead."""
    special = by_hand or {}

    @_for_each("requirements", [_together(group) for group in access.concerned(load(system), special)])
    def test(session: Session, requirements: tuple[Requirement, ...]) -> None:
        first, *others = requirements
        if others:
            access.try_no_stranger(session, first.operation, prepare)
        elif first.operation in special:
            special[first.operation](session, first)
        else:
            access.try_access(session, first, prepare)

    return test


def _together(group: tuple[Requirement, ...]) -> tuple[str, tuple[Requirement, ...], list[str]]:
    """A case for requirements on access that are tried together; it is called by one of them, or by the operation."""
    return (group[0].operation if len(group) > 1 else group[0].id), group, [one.id for one in group]


def stranger_tests(system: str, prepare: Prepare = build_request) -> Callable[..., None]:
    """Who is let in nowhere, by operation: no token, a wrong one, and a tenant that does not exist."""
    spec = load(system)

    @_for_each("operation", [(one, one, access.strangers(spec, one)) for one in access.strange(spec)])
    def test(session: Session, operation: str) -> None:
        access.try_no_stranger(session, operation, prepare)

    return test


def body_tests(
    system: str,
    complete: Callable[[Session, Any], Any] = lambda _, body: body,
    *,
    generated_only: bool = False,
    without: Collection[str] = (),
) -> Callable[..., None]:
    """Documented request bodies: examples, each documented value, required fields, and generated bodies.

    `complete` changes a body where a schema cannot say how, or where the target file gives more. `without` are ids of
    operations whose bodies a test of the suite's own varies.
    """
    spec = load(system)
    operations = [one for one in properties.concerned(spec) if one.id not in without]

    @_for_each("operation", _citing(operations, properties.requirements, spec))
    def test(session: Session, operation: Operation, seed: int, examples: int) -> None:
        bodies = properties.Properties(session, operation, lambda body: complete(session, body))
        if generated_only:
            bodies.try_generated(seed, examples)
        else:
            bodies.run(seed, examples)

    return test


def read_tests(system: str) -> Callable[..., None]:
    """What is there, read: at level read-only, the first things that the target's own lists show.

    Assign it in the module `test_reads.py` of a suite, which is collected at that level alone.
    """
    spec = load(system)

    @_for_each("operation", _citing(reads.readable(spec), reads.cited, spec))
    def test(session: Session, operation: Operation) -> None:
        reads.read_listed(session, operation)

    return test


def case_tests(
    system: str,
    prepare: Prepare = build_request,
    fresh: Fresh | None = None,
    consistent: Callable[[Any], Any] = lambda body: body,
) -> Callable[..., None]:
    """Requests that differ from a documented one in one thing: the cases of each operation, where the system has any.

    `fresh` gives a create a name of its own, `consistent` changes a body where a schema cannot say how.
    """
    spec = load(system)

    @_for_each("operation", _citing(concerned(spec), cited, spec))
    def test(session: Session, operation: Operation, examples: int) -> None:
        Replay(session, operation, prepare, fresh, consistent).run(chosen(operation, per_sort(examples)))

    return test


def _citing(
    operations: Iterable[Operation], cites: Callable[[Specification, Operation], list[str]], spec: Specification
) -> list[tuple[str, Operation, list[str]]]:
    """A case for each operation, with the ids of the requirements that it can give verdicts on."""
    return [(one.id, one, cites(spec, one)) for one in operations]


def _for_each(argument: str, cases: Iterable[tuple[str, Any, list[str]]]) -> pytest.MarkDecorator:
    """Parametrize a test: the name of each case, what it is given, and the requirements that it cites."""
    found = [pytest.param(given, id=name, marks=pytest.mark.requirement(*ids)) for name, given, ids in cases]
    return pytest.mark.parametrize(argument, found)
