"""Deselect the tests that a requirement filter excludes from a run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pytest

from conformance.run.plugin.items import cited
from conformance.run.requirement_filter import RequirementFilter
from conformance.spec.specification import Specification


def deselected(
    items: Sequence[pytest.Item],
    requirements: RequirementFilter,
    specification: Callable[[pytest.Item], Specification],
    profiles: Callable[[pytest.Item], Collection[str]],
) -> list[pytest.Item]:
    """The tests that can decide no requirement that the filter selects.

    A test is kept if it cites a selected requirement. No test cites the structural requirements of a response: for
    these, the tests of the operation are kept that cite no excluded requirement.
    """
    about = {item: _about(item, specification(item)) for item in items}
    everywhere = {name for names in about.values() for name in names}
    specs = {id(spec): spec for spec in map(specification, items)}.values()
    uncited = {
        (spec.system, requirement.operation)
        for spec in specs
        for requirement in spec.requirements.values()
        if requirement.id not in everywhere and requirements.selects(requirement.id, requirement)
    }

    def kept(item: pytest.Item) -> bool:
        spec = specification(item)
        found = [spec.requirements[name] for name in about[item]]
        if not found:
            return requirements.selects_profiles(profiles(item))
        if any(requirements.selects(requirement.id, requirement) for requirement in found):
            return True
        excluded = any(requirements.excludes(requirement.id, requirement) for requirement in found)
        return not excluded and any((spec.system, requirement.operation) in uncited for requirement in found)

    return [item for item in items if not kept(item)]


def _about(item: pytest.Item, specification: Specification) -> list[str]:
    return [value for value in cited(item) if value in specification.requirements]
