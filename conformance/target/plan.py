"""What a run would test on a target, what not and why, and what to add to the target file."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from conformance.core.verdict import Outcome, Reason
from conformance.spec import producers
from conformance.spec.requirement import Requirement
from conformance.spec.specification import Operation, Specification
from conformance.target.safety import (
    MAKING,
    RANK,
    provable,
    required_safety,
)
from conformance.target.system_table import ELSEWHERE, SystemTable
from conformance.target.target import Safety


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a requirement from being tested: its outcome, its reason, and details.

    `missing` are the keys that the target file lacks, `level` is the lowest safety level that tests it.
    """

    outcome: Outcome
    reason: Reason | None = None
    detail: str = ""
    missing: tuple[str, ...] = ()
    level: Safety | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """For one system of a target: each requirement with its obstacle, or None."""

    specification: Specification
    table: SystemTable
    level: Safety
    obstacles: tuple[tuple[Requirement, Obstacle | None], ...]

    @property
    def tried(self) -> list[Requirement]:
        """The requirements that a run would test, if the target allows it."""
        return [requirement for requirement, obstacle in self.obstacles if obstacle is None]

    def obstructed(self) -> dict[tuple[Outcome, Reason | None], list[Requirement]]:
        """The other requirements, by outcome and reason."""
        found: dict[tuple[Outcome, Reason | None], list[Requirement]] = {}
        for requirement, obstacle in self.obstacles:
            if obstacle is not None:
                found.setdefault((obstacle.outcome, obstacle.reason), []).append(requirement)
        return found

    def unlocked(self) -> dict[str, list[tuple[Requirement, tuple[str, ...]]]]:
        """By each missing key of the target file: the requirements that need it, with the other missing keys that
        they need.
        """
        found: dict[str, list[tuple[Requirement, tuple[str, ...]]]] = {}
        for requirement, obstacle in self.obstacles:
            missing = obstacle.missing if obstacle else ()
            for key in missing:
                found.setdefault(key, []).append((requirement, tuple(other for other in missing if other != key)))
        return found

    def guesses(self) -> list[Operation]:
        """The operations with a guessed body, which neither a document nor the target file gives.

        If the target refuses it, what depends on it is *not exercised* until the target file gives one.
        """
        called = {requirement.operation for requirement in self.tried}
        return [
            operation
            for operation in self.specification.operations.values()
            if operation.id in called
            and operation.undocumented_request
            and operation.bodies
            and operation.id not in self.table.bodies
        ]


def plan(specification: Specification, table: SystemTable, level: Safety) -> Plan:
    """The plan for one system of a target, at a safety level."""
    obstacles = Obstacles(specification, table, level)
    requirements = specification.requirements.values()
    return Plan(specification, table, level, tuple((each, obstacles.of(each)) for each in requirements))


@dataclass(eq=False)
class Obstacles:
    """What in the target file keeps requirements from being tested, for one system and safety level.

    The requirements of an operation need the same calls, which are looked up once.
    """

    specification: Specification
    table: SystemTable
    level: Safety
    _levels: dict[str, Safety] = field(default_factory=dict, init=False)

    def of(self, requirement: Requirement) -> Obstacle | None:
        """What keeps a requirement from being tested; None if nothing does."""
        if (outside := exempt(requirement, self.table)) is not None:
            return outside
        if requirement.untestable is not None:
            return Obstacle(Outcome.NOT_EXERCISED, requirement.untestable)
        not_tried, missing = Outcome.NOT_EXERCISED, tuple(self.table.missing(requirement.needs))
        if self.specification.operations[requirement.operation].resource == "token":
            if not self.table.asks_as_documented and not self.table.unasked:
                return Obstacle(not_tried, Reason.UNDOCUMENTED_REQUEST, ELSEWHERE)
            missing = (*missing, *self.table.unasked)
        least = self._least(requirement)
        if RANK[least] > RANK[self.level]:
            avoiding = _fixtures_that_avoid(requirement, self.specification, self.table, self.level)
            message = (
                f"{_places(self.table, avoiding)}, or safety level {least}" if avoiding else f"safety level {least}"
            )
            lacking = tuple(dict.fromkeys((*missing, *avoiding))) if avoiding else ()
            return Obstacle(not_tried, Reason.SAFETY_LEVEL, message, lacking, least)
        forbidden = (
            self.level is not Safety.DISPOSABLE
            and _changes_a_fixture(requirement, self.specification, self.table)
            and not _may_change(self.table)
        )
        lacking = (*missing, "may_change") if forbidden else missing
        if not missing:
            message = _places(self.table, lacking)
            return Obstacle(not_tried, Reason.SAFETY_LEVEL, message, lacking, Safety.DISPOSABLE) if forbidden else None
        users = all(key.startswith("users.") or key in self.table.unasked for key in missing)
        reason = Reason.MISSING_USER if users else Reason.MISSING_FIXTURE
        return Obstacle(not_tried, reason, _places(self.table, missing), lacking)

    def _least(self, requirement: Requirement) -> Safety:
        """The lowest level that tests a requirement: at which its operation and all its dependencies may be called."""
        fixed = _fixed(requirement, self.specification, self.level)
        if fixed is not None:
            return fixed
        if requirement.operation not in self._levels:
            self._levels[requirement.operation] = _of_calls(requirement, self.specification, self.table.gives)
        return self._levels[requirement.operation]


def exempt(requirement: Requirement, table: SystemTable) -> Obstacle | None:
    """Why the target does not claim a requirement, so that no deviation counts; None if it does."""
    if {requirement.profile, requirement.operation} & set(table.unsupported):
        return Obstacle(Outcome.UNSUPPORTED, detail="according to the target file")
    if requirement.later_than(table.version):
        return Obstacle(Outcome.NOT_APPLICABLE, detail=f"since {requirement.since}")
    return None


def without_delete(specification: Specification, unsupported: Collection[str]) -> dict[str, list[str]]:
    """The deletions among the `unsupported` operations, each with the operations that it would undo."""
    found: dict[str, list[str]] = {}
    for operation in specification.operations.values():
        link = operation.link("delete")
        if operation.effect != "create" or link is None or operation.id in unsupported:
            continue
        if link.operation in unsupported:
            found.setdefault(link.operation, []).append(operation.id)
    return found


def unprovable(specification: Specification) -> list[Operation]:
    """The creates without a list of what existed before: what they create cannot be proved to be the run's."""
    operations = specification.operations
    return [
        operation
        for operation in operations.values()
        if operation.effect == "create" and not provable(operations, operation)
    ]


def _places(table: SystemTable, keys: tuple[str, ...]) -> str:
    return ", ".join(map(table.place, keys))


def _fixed(requirement: Requirement, specification: Specification, level: Safety) -> Safety | None:
    """The level that tests a requirement whatever it calls, if that is known.

    At level read-only that includes what the target's own lists contain.
    """
    operation = specification.operations[requirement.operation]
    if (
        level is Safety.READ_ONLY
        and requirement.of_success
        and producers.shown_by_list(specification.operations, operation) is not None
    ):
        return Safety.READ_ONLY
    abroad = requirement.refusal and any(
        touch.allows_foreign for touch in operation.touches
    )  # the refusal is tested on somebody else's resource
    return Safety.DISPOSABLE if requirement.disposable or abroad else None


def _of_calls(requirement: Requirement, specification: Specification, gives: Callable[[str], bool]) -> Safety:
    """The lowest level at which the operation of a requirement and all its dependencies may be called."""
    operation = specification.operations[requirement.operation]
    called = producers.dependencies(specification.operations, operation, gives)
    if any(_unproved(each, specification, gives) for each in called):
        return Safety.DISPOSABLE
    return max(map(required_safety, called), key=RANK.__getitem__)


def _unproved(operation: Operation, specification: Specification, gives: Callable[[str], bool]) -> bool:
    """Whether a call changes what the run would create and cannot prove to be its own."""
    operations = specification.operations
    for parameter in producers.changed_by(operation):
        if gives(producers.key_of(operation, parameter)) and producers.takes_named(operations, operation, parameter):
            continue
        made_by = producers.source(operations, operation, parameter)
        if made_by is not None and made_by.effect in MAKING and not provable(operations, made_by):
            return True
    return False


def _fixtures_that_avoid(
    requirement: Requirement, specification: Specification, table: SystemTable, level: Safety
) -> tuple[str, ...]:
    """The keys with which resources that the level forbids to create are not needed; none if they would not help."""
    operations = specification.operations
    called = producers.dependencies(operations, operations[requirement.operation], table.gives)
    keys = {producers.key_of(each, parameter): None for each in called for parameter in producers.subjects(each)}
    spared = _fixed(requirement, specification, level) or _of_calls(
        requirement, specification, lambda key: key in keys or table.gives(key)
    )
    return tuple(table.missing(filter(None, keys))) if RANK[spared] <= RANK[level] else ()


def _changes_a_fixture(requirement: Requirement, specification: Specification, table: SystemTable) -> bool:
    """Whether the guard would have to allow a change of a fixture."""
    operation = specification.operations[requirement.operation]
    acts = bool(operation.touches) and operation.effect not in ("read", "execute")
    return acts and any(table.is_fixture(key) for key in requirement.needs)


def _may_change(table: SystemTable) -> bool:
    return bool(getattr(getattr(table, "fixtures", None), "may_change", False))
