"""Choose the systems and profiles that a run tests, from its options."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from conformance.core.hints import hint
from conformance.core.shard import Shard, too_many
from conformance.core.systems import SYSTEMS
from conformance.run.options import PREFIX
from conformance.run.requirement_filter import RequirementFilter, Unmatched, names_of
from conformance.target.target import Target

COMMAND: Final = "--"
PLUGIN: Final = PREFIX
MARK: Final = "conformance-command"
"""The name of the plugin that marks a pytest run of the command, which always writes a record."""


class Unavailable(Exception):
    """The target does not have what is chosen. The message names the option and says what is allowed."""


def chosen(target: Target, systems: Collection[str], profiles: Sequence[str], prefix: str = COMMAND) -> list[str]:
    """The systems of the target that are tested: the named ones, or all. `prefix` is that of the options.

    Raises:
        Unavailable: a system or profile is unknown, not of this target, or without operations in this version.
    """
    for system in systems:
        if system not in target.systems:
            available = ", ".join(target.systems)
            raise Unavailable(
                f"{prefix}system {system}: the target file has no table [{system}], only {available}; add it."
            )
    wanted = [value for value in target.systems if value in (systems or target.systems)]
    for profile in profiles:
        system = profile.partition("/")[0]
        known = [value for registered in SYSTEMS.values() for value in registered.profiles]
        if profile not in known:
            raise Unavailable(f"{prefix}profile {profile}: unknown profile; {hint(profile, known)}")
        if system not in wanted:
            raise Unavailable(f"{prefix}profile {profile}: {system} is not selected or not in the target file; add it.")
        from conformance.spec import specification  # reading the specs takes a while

        operations = specification.load(system).operations.values()
        if not any(operation.profile == profile for operation in operations):
            raise Unavailable(f"{prefix}profile {profile}: this version has no operations of it yet; remove it.")
    return wanted


def filtered(
    target: Target, systems: Sequence[str], include: Sequence[str], exclude: Sequence[str], prefix: str = COMMAND
) -> RequirementFilter:
    """The filter of the requirements of some systems. Raises Unavailable if a pattern matches nothing."""
    found = RequirementFilter(tuple(include), tuple(exclude))
    if found:
        try:
            found.check(names_of(target.table(system).known for system in systems), prefix)
        except Unmatched as error:
            raise Unavailable(str(error)) from None
    return found


def require_divisible(target: Target, shard: Shard, prefix: str = COMMAND) -> None:
    """Check that the limits of the target can be divided among the shards. Raises Unavailable."""
    if message := too_many(shard, target.limits.places, target.limits.open_resources):
        raise Unavailable(f"{prefix}shard {shard}: {message}")
