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
        (spec.system, one.operation)
        for spec in specs
        for one in spec.requirements.values()
        if one.id not in everywhere and requirements.selects(one.id, one)
    }

    def kept(item: pytest.Item) -> bool:
        spec = specification(item)
        found = [spec.requirements[name] for name in about[item]]
        if not found:
            return requirements.selects_profiles(profiles(item))
        if any(requirements.selects(one.id, one) for one in found):
            return True
        excluded = any(requirements.excludes(one.id, one) for one in found)
        return not excluded and any((spec.system, one.operation) in uncited for one in found)

    return [item for item in items if not kept(item)]


def _about(item: pytest.Item, specification: Specification) -> list[str]:
    return [one for one in cited(item) if one in specification.requirements]
