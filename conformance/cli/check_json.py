"""What `conformance check` found, as JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from conformance.cli.additions import additions
from conformance.core.verdict import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.run.probe import ProbeResult
    from conformance.target.plan import Plan
    from conformance.target.target import Target


def described(
    target: Target, plans: Mapping[str, Plan], results: Mapping[str, Sequence[ProbeResult]], *, code: int
) -> dict[str, Any]:
    """The plans of a run against a target and the results of the probes, both by system, without secrets."""
    return {
        "target": target.name,
        "safety": str(next(iter(plans.values())).level if plans else target.safety.level),
        "verify": target.network.verify,
        "exit_code": code,
        "systems": [_system(system, plan, results.get(system, ())) for system, plan in plans.items()],
    }


def _system(system: str, planned: Plan, results: Sequence[ProbeResult]) -> dict[str, Any]:
    levels = Counter(requirement.level for requirement in planned.tried)
    return {
        "system": system,
        "probes": [
            {"what": result.what, "works": result.works, "unsure": result.unsure, "message": result.message}
            for result in results
        ],
        "tested": {"total": len(planned.tried), **{str(level): levels[level] for level in Level}},
        "requirements": len(planned.obstacles),
        "not_tested": [
            {
                "outcome": str(outcome),
                "reason": str(reason) if reason else None,
                "requirements": [requirement.id for requirement in those],
            }
            for (outcome, reason), those in planned.obstructed().items()
        ],
        "add": list(additions(planned, None)),
    }
