"""What a part of a run may use of the target's limits. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from conformance.core.shard import WHOLE, Shard
from conformance.spec import specification
from conformance.spec.specification import Specification
from conformance.target.target import Target


@dataclass(frozen=True, slots=True)
class WorkerQuota:
    """How the run's limits are divided: among the shards; the `workers` of a shard share one account.

    `systems` are those of the run, or empty for all of the target. `starting` are the systems on which tests of this
    shard may start something; None means all.
    """

    workers: int = 1
    shard: Shard = WHOLE
    systems: tuple[str, ...] = ()
    starting: frozenset[str] | None = None

    def executions(self, target: Target, spec: Specification) -> int:
        """The number of executions that this shard may start on one system."""
        may = self.starting is None or spec.system in self.starting
        return executions(target, spec, self.systems) if may else 0


def executions(target: Target, spec: Specification, systems: Collection[str] = ()) -> int:
    """The number of executions that a run may start on one system: the limit, divided among its `systems` that start
    any.

    All tests that may start something on a system are in one shard, so that the limit is not divided further.
    """
    starting = [system for system in systems or target.systems if specification.load(system).starts]
    if spec.system not in starting:
        return 0
    return Shard(starting.index(spec.system) + 1, len(starting)).part(target.limits.executions)
