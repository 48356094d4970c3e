"""Test functions of the engines, written once. The suite of a system assigns those that apply to it.

For example, in `test_lifecycle.py` of a suite:

    test_a_life_goes_as_documented = lifecycle_tests("todo")

Each function returns a pytest test with one case for each operation or requirement that the system's spec defines, and
each case cites the requirements that it can decide. Each raises UnusableSystem if no such system is registered.
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

FROM_STANDARD = pytest.mark.depth("standard")
"""Marks tests that send many requests, which a run at depth quick leaves out."""
Prepare = Callable[[Session, Operation], Sample]
"""Build a documented request to an operation, and create what must exist for it."""


def lifecycle_tests(system: str) -> Callable[..., None]:
    """Test the lifecycle of each resource: it is created, read, listed, updated and deleted, by the links of the
    spec.
    """
    spec = load(system)

    @_for_each("operation", _citing(lifecycle.lifecycle_operations(spec), lifecycle.steps, spec))
    def test(session: Session, operation: Operation) -> None:
        lifecycle.Lifecycle(session, operation).run()

    return test


def walk_tests(system: str) -> Callable[..., None]:
    """Test several resources at once: each is as it was last written, after creates, updates and deletes in any
    order.
    """
    spec = load(system)

    @FROM_STANDARD
    @_for_each("operation", _citing(lifecycle.lifecycle_operations(spec), walks.requirements, spec))
    def test(session: Session, operation: Operation, seed: int, examples: int) -> None:
        walks.Walks(session, operation).run(seed, examples)

    return test


def access_tests(
    system: str,
    prepare: Prepare = build_request,
    by_hand: dict[str, Callable[[Session, Requirement], None]] | None = None,
    compare: dict[str, access.Compare] | None = None,
) -> Callable[..., None]:
    """Test who may call an operation, one case per requirement. `by_hand` tests the operations with these ids
    instead.

    `compare` records, for the requirements with these ids, whether another user gets what the main user gets.
    """
    custom, comparing = by_hand or {}, compare or {}

    @_for_each("requirements", [_group_case(group) for group in access.access_requirements(load(system), custom)])
    def test(session: Session, requirements: tuple[Requirement, ...]) -> None:
        first, *others = requirements
        if others:
            access.check_unauthorized_first(session, first.operation, prepare)
        elif first.operation in custom:
            custom[first.operation](session, first)
        else:
            access.check_access(session, first, prepare, comparing.get(first.id, lambda *_: None))

    return test


def _group_case(group: tuple[Requirement, ...]) -> tuple[str, tuple[Requirement, ...], list[str]]:
    """The case for requirements on access that are tested together. Its id is the operation, or the only
    requirement.
    """
    return (group[0].operation if len(group) > 1 else group[0].id), group, [requirement.id for requirement in group]


def stranger_tests(system: str, prepare: Prepare = build_request) -> Callable[..., None]:
    """Test that an operation refuses unauthorized callers: without a token, with a wrong one, and of an unknown
    tenant.
    """
    spec = load(system)

    @_for_each(
        "operation",
        [(value, value, access.unauthorized_requirements(spec, value)) for value in access.tenant_operations(spec)],
    )
    def test(session: Session, operation: str) -> None:
        access.check_unauthorized_first(session, operation, prepare)

    return test


def body_tests(
    system: str,
    complete: Callable[[Session, Any], Any] = lambda _, body: body,
    *,
    generated_only: bool = False,
    without: Collection[str] = (),
) -> Callable[..., None]:
    """Test documented request bodies: examples, each documented value, required fields, and generated bodies.

    `complete` changes a body in ways that a schema cannot express, or where the target file provides more. `without`
    lists ids of operations whose bodies the suite varies in a test of its own.
    """
    spec = load(system)
    operations = [item for item in properties.concerned(spec) if item.id not in without]

    @FROM_STANDARD
    @_for_each("operation", _citing(operations, properties.requirements, spec))
    def test(session: Session, operation: Operation, seed: int, examples: int) -> None:
        bodies = properties.Properties(session, operation, lambda body: complete(session, body))
        if generated_only:
            bodies.check_generated(seed, examples)
        else:
            bodies.run(seed, examples)

    return test


def read_tests(system: str) -> Callable[..., None]:
    """Test reads at level read-only: of the first resources that the target's lists contain.

    Assign it in the module `test_reads.py` of a suite, which is collected at that level only.
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
    """Test requests that differ from a documented one in one thing: the cases of each operation, if the system has any.

    `fresh` gives a create a new name, `consistent` changes a body in ways that a schema cannot express.
    """
    spec = load(system)

    @FROM_STANDARD
    @_for_each("operation", _citing(concerned(spec), cited, spec))
    def test(session: Session, operation: Operation, examples: int) -> None:
        Replay(session, operation, prepare, fresh, consistent).run(chosen(operation, per_sort(examples)))

    return test


def _citing(
    operations: Iterable[Operation], cites: Callable[[Specification, Operation], list[str]], spec: Specification
) -> list[tuple[str, Operation, list[str]]]:
    """One case for each operation, with the ids of the requirements that it can decide."""
    return [(operation.id, operation, cites(spec, operation)) for operation in operations]


def _for_each(argument: str, cases: Iterable[tuple[str, Any, list[str]]]) -> pytest.MarkDecorator:
    """Parametrize a test by cases of an id, an argument, and the ids of the requirements that it cites."""
    parameters = [
        pytest.param(argument_value, id=name, marks=pytest.mark.requirement(*ids))
        for name, argument_value, ids in cases
    ]
    return pytest.mark.parametrize(argument, parameters)
