"""Select the tests of a run. Registered with pytest if there is a target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.core import shard as shards
from conformance.core.shard import Shard
from conformance.core.systems import SYSTEMS
from conformance.engine.properties import EXAMPLES_BY_DEPTH
from conformance.report import record_file
from conformance.run import choice, sharding
from conformance.run.exclusion import needs_exclusive_fixtures
from conformance.run.plugin import filtering
from conformance.run.plugin.items import (
    DEPTH,
    TEST_ID,
    cited,
    suite_of,
    suite_of_module,
    system_of,
    test_id,
)
from conformance.run.plugin.mistakes import MISTAKE, mistake, takes_part, wrong_depth
from conformance.run.requirement_filter import RequirementFilter
from conformance.spec.producers import dependencies
from conformance.spec.specification import Specification
from conformance.target import conditional_modules
from conformance.target.accommodation import accommodated_operations, of_the_form
from conformance.target.conditional_modules import CONDITIONAL
from conformance.target.target import Target


class Selection:
    """The tests of some systems of the target: all, those of some profiles, or a shard of them.

    A process that is not the `holder` leaves all tests of the suites to the one that is. `collected` are the ids of the
    tests that this process collected, `planned` those of its shard, including those that another plugin or an option of
    pytest deselects later. Workers collect tests, their controller does not.
    """

    def __init__(
        self,
        config: pytest.Config,
        target: Target,
        systems: Sequence[str],
        requirements: RequirementFilter,
        *,
        holder: bool = True,
    ) -> None:
        self.target = target
        self.systems = systems
        self.holder = holder
        self.shard = self._shard(config.getoption("conformance_shard"))
        self.division: str | None = None
        self.starting: frozenset[str] | None = None
        self._chosen = bool(config.getoption("conformance_system"))
        self._target_file = str(config.getoption("conformance_target"))
        self._profiles = set(config.getoption("conformance_profile"))
        self._depth = str(config.getoption("conformance_depth"))
        self._recorded = config.getoption("conformance_durations")
        if self._recorded and self.shard.whole:
            raise pytest.UsageError("--conformance-durations has no effect without --conformance-shard; remove it.")
        self._requirements = requirements
        self.narrowed = bool(self._profiles or requirements)
        self.collected: tuple[str, ...] = ()
        self.planned: tuple[str, ...] = ()

    def _shard(self, named: str | None) -> Shard:
        try:
            shard = shards.parse(named) if named else shards.WHOLE
            choice.require_divisible(self.target, shard, choice.PLUGIN)
        except ValueError as error:
            raise pytest.UsageError(f"--conformance-shard: {error}") from None
        except choice.Unavailable as error:
            raise pytest.UsageError(str(error)) from None
        return shard

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Do not collect suites of other systems, whose specs need not be read, nor modules that do not apply to
        this target.
        """
        for name, system in SYSTEMS.items():
            if name not in self.systems and system.suites in (collection_path, collection_path.parent):
                return True
            if collection_path.parent == system.suites and collection_path.name in CONDITIONAL:
                spec = self.target.table(name).specification()
                return (
                    None
                    if conditional_modules.takes_part(collection_path.name, spec, self.target.safety.level)
                    else True
                )
        return None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize the test of the documented form by the accommodated operations of the target."""
        if "accommodated" not in metafunc.fixturenames:
            return
        spec = self.target.table(suite_of_module(metafunc.module.__name__)).specification()
        marked = {
            operation.id: pytest.mark.requirement(*of_the_form(spec, operation))
            for operation in accommodated_operations(spec)
        }
        cases = [pytest.param(name, id=name, marks=mark) for name, mark in marked.items()]
        metafunc.parametrize("accommodated", cases)

    @pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the tests of the target's systems and of the selected profiles, and set their stable ids."""
        items[:] = [item for item in items if suite_of(item) in ("", *self.systems)]
        self._find_mistakes(items)
        if not self.holder:
            items[:] = [item for item in items if not self._takes_part(item)]
        if self._profiles:
            out = [item for item in items if self._takes_part(item) and not self._profiles & self._profiles_of(item)]
            items[:] = [item for item in items if item not in out]
            config.hook.pytest_deselected(items=out)
        if self._requirements:
            ours = [item for item in items if self._takes_part(item)]
            out = filtering.deselected(ours, self._requirements, self._specification, self._profiles_of)
            items[:] = [item for item in items if item not in out]
            config.hook.pytest_deselected(items=out)
        if not self._requirements.include:  # what is named is tested at any depth
            ours = [item for item in items if self._takes_part(item) and not is_named(item, config.args)]
            out = [item for item in ours if is_deeper(item, self._depth)]
            items[:] = [item for item in items if item not in out]
            config.hook.pytest_deselected(items=out)
        for item in items:
            item.stash[TEST_ID] = test_id(item)
        self.collected = self._ids(items)
        if not self.shard.whole:
            self._keep_shard(items)
        self.planned = self._ids(items)
        for item in items:
            grouped = self._takes_part(item) and self._specification(item).starts
            if grouped and config.pluginmanager.hasplugin("xdist"):
                item.add_marker(pytest.mark.xdist_group(system_of(item)))  # one worker counts what is started

    def _keep_shard(self, items: list[pytest.Item]) -> None:
        """Keep this shard's tests, and all tests outside the suites."""
        ours = [item for item in items if self._takes_part(item)]
        starting = {item.stash[TEST_ID]: system_of(item) for item in ours if may_start(item, self._specification(item))}
        # Shards run concurrently too, so tests that exclude each other are in one of them.
        exclusive = {
            item.stash[TEST_ID]: f"{system_of(item)} fixtures" for item in ours if self._needs_exclusive_fixtures(item)
        }
        parts = sharding.split_tests(self._ids(ours), self._durations(), self.shard.of, {**exclusive, **starting})
        self.division = sharding.digest(parts)
        kept = set(parts[self.shard.index - 1])
        self.starting = frozenset(system for value, system in starting.items() if value in kept)
        items[:] = [item for item in items if not self._takes_part(item) or item.stash[TEST_ID] in kept]

    def _find_mistakes(self, items: Sequence[pytest.Item]) -> None:
        """Record for each user's test why it cannot start."""
        there = {system: self.target.table(system).known for system in self.target.systems}
        for item in items:
            if wrong := mistake(item, there, self._target_file, chosen=self._chosen):
                item.stash[MISTAKE] = wrong

    def _takes_part(self, item: pytest.Item) -> bool:
        """Whether a test belongs to a system of the run, and requests it correctly."""
        return takes_part(item, self.systems)

    def _ids(self, items: Sequence[pytest.Item]) -> tuple[str, ...]:
        return tuple(item.stash[TEST_ID] for item in items if self._takes_part(item))

    def _needs_exclusive_fixtures(self, item: pytest.Item) -> bool:
        return needs_exclusive_fixtures(self._specification(item), self.target.table(system_of(item)), cited(item))

    def _specification(self, item: pytest.Item) -> Specification:
        """The spec of the system of a selected test."""
        return self.target.table(system_of(item)).known

    def _profiles_of(self, item: pytest.Item) -> set[str]:
        spec = self._specification(item)
        named = {str(entry) for mark in item.iter_markers("profile") for entry in mark.args}
        return named | {spec.requirements[value].profile for value in cited(item) if value in spec.requirements}

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Mark the run as incomplete if tests of it are deselected."""
        self.narrowed = self.narrowed or any(map(self._takes_part, items))

    def _durations(self) -> dict[str, float]:
        """The seconds that each test took in the run given by --conformance-durations."""
        try:
            return record_file.read(Path(self._recorded)).durations.get("tests", {}) if self._recorded else {}
        except record_file.UnreadableRun as error:
            raise pytest.UsageError(f"--conformance-durations: {error}") from None


def is_named(item: pytest.Item, arguments: Sequence[str]) -> bool:
    """Whether an argument of pytest is the absolute path and the name of a test, as those of `rerun` are."""
    name = f"{item.path}::{item.nodeid.partition('::')[2]}"
    return name in arguments or name.partition("[")[0] in arguments


def is_deeper(item: pytest.Item, depth: str) -> bool:
    """Whether the marker of a test says that a run at this depth leaves it out.

    Raises:
        pytest.UsageError: it names no depth. Users' own tests were checked before (see `mistake`).
    """
    depths, marker = list(EXAMPLES_BY_DEPTH), item.get_closest_marker(DEPTH)
    if marker is None:
        return False
    if wrong := wrong_depth(marker):
        raise pytest.UsageError(f"{item.nodeid}: {wrong}")
    return depths.index(marker.args[0]) > depths.index(depth)


def may_start(item: pytest.Item, spec: Specification) -> bool:
    """Whether a test may start what no operation removes: by its citations, or by its marker.

    Its dependencies may have to be started too.
    """
    if not spec.starts:
        return False
    called = (spec.requirements[value].operation for value in cited(item) if value in spec.requirements)
    operations = (spec.operations[value] for value in called if value in spec.operations)
    return item.get_closest_marker("starts") is not None or any(
        dependency.starts for operation in operations for dependency in dependencies(spec.operations, operation)
    )
