"""Find the tests for each requirement, without a target.

pytest collects the suites in this process and sends nothing. A requirement of the register is tested by the tests that
cite it. A structural one is tested by every test that calls its operation: the operation of a cited requirement, that
of an engine's parameter, otherwise one whose id occurs in the test's code or in a helper of the suites; and the
operations that create what these act on.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import pytest

from conformance.core.systems import SYSTEMS
from conformance.run.plugin.items import (
    cited,
    suite_of_module,
    system_of,
    test_id,
)
from conformance.spec import producers
from conformance.spec.specification import (
    Operation,
    Requirement,
    load,
)
from conformance.target.conditional_modules import CONDITIONAL

CONFIGURATION: Final = Path(__file__).parents[1] / "pytest.ini"


class NotCollected(Exception):
    """pytest could not collect the suites. The message contains its output."""


@dataclass(frozen=True, slots=True)
class CollectedTest:
    """One test: its id, its system, the ids that it cites, and the operations that it calls."""

    test: str
    system: str
    cited: tuple[str, ...]
    operations: frozenset[str]


def collect(*suites: Path) -> list[CollectedTest]:
    """The tests of the suites in some directories, by default of every registered system, in order.

    Raises:
        NotCollected: a module cannot be imported, or there is none.
    """
    places = [str(suite) for suite in suites or (system.suites for system in SYSTEMS.values())]
    found = _Collector()
    printed = io.StringIO()
    arguments = ["-c", str(CONFIGURATION), "--rootdir", places[0], "--collect-only", "-q", *places]
    arguments += [f"--ignore-glob=*/{value}" for value in CONDITIONAL]  # their tests depend on a target file
    plain = [word for name in ("cacheprovider", "schemathesis", "xdist") for word in ("-p", f"no:{name}")]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = pytest.main([*arguments, *plain, "--assert=plain"], plugins=[found])
    if code != pytest.ExitCode.OK:
        raise NotCollected(printed.getvalue())
    return [_trial(item) for item in found.items]


def tests(trials: Iterable[CollectedTest], requirements: Collection[Requirement]) -> dict[str, tuple[str, ...]]:
    """The tests for each of the requirements, by its id; empty if there is none."""
    citing: dict[str, list[str]] = {}
    calling: dict[str, list[str]] = {}
    for trial in trials:
        for name in trial.cited:
            citing.setdefault(name, []).append(trial.test)
        for operation in trial.operations:
            calling.setdefault(operation, []).append(trial.test)
    by_structure = {
        requirement.id: calling.get(requirement.operation, [])
        for requirement in requirements
        if requirement.tried == "structure"
    }
    return {
        requirement.id: tuple(citing.get(requirement.id) or by_structure.get(requirement.id, []))
        for requirement in requirements
    }


class _Collector:
    """The plugin that stores what pytest collected."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if system_of(item) in SYSTEMS]


def _trial(item: pytest.Item) -> CollectedTest:
    specification = load(system_of(item))
    ids = tuple(cited(item))
    called = {
        specification.requirements[identifier].operation
        for identifier in ids
        if identifier in specification.requirements
    }
    given = item.callspec.params.values() if hasattr(item, "callspec") else ()
    # a test of an engine, whose code has branches for other operations
    if any(isinstance(entry, Operation | Requirement) for entry in given):
        called.update(_called_by_engine(entry for entry in given if isinstance(entry, Operation)))
    else:
        texts = [*given, *_texts(item.function)]  # type: ignore[attr-defined]
        called.update(text for text in texts if text in specification.operations)
    operations = specification.operations
    chains = (producers.dependencies(operations, operations[name]) for name in called if name)
    return CollectedTest(
        test_id(item), specification.system, ids, frozenset(operation.id for chain in chains for operation in chain)
    )


def _called_by_engine(operations: Iterable[Operation]) -> Iterator[str]:
    """The operations that an engine calls: the operation itself, and the targets of its links."""
    for operation in operations:
        yield operation.id
        yield from (link.operation for link in operation.links)


def _texts(function: FunctionType) -> Iterator[str]:
    """Every text in the code of a test, and in the helpers of the suites that it uses."""
    seen: set[int] = set()
    waiting: list[Any] = [function]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, str):
            yield thing
        elif isinstance(thing, tuple | list | frozenset | set):
            waiting += thing
        elif isinstance(thing, Mapping):
            waiting += [*thing.keys(), *thing.values()]
        elif isinstance(thing, FunctionType) and suite_of_module(thing.__module__):
            waiting += _used(thing.__code__, thing.__globals__)
        elif isinstance(thing, type) and suite_of_module(thing.__module__):
            waiting += vars(thing).values()


def _used(code: CodeType, names: Mapping[str, Any]) -> Iterator[Any]:
    """The constants of a code object, and the values of its names, also as members of a module of the suites."""
    for constant in code.co_consts:
        yield from _used(constant, names) if isinstance(constant, CodeType) else (constant,)
    found = [names[name] for name in code.co_names if name in names]
    yield from found
    for module in found:
        if isinstance(module, ModuleType) and suite_of_module(module.__name__):
            yield from (vars(module)[name] for name in code.co_names if name in vars(module))
