"""Decide which tests of a system may start. Registered with pytest if there is a target."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest

from conformance.run.plugin.items import system_of
from conformance.run.plugin.mistakes import MISTAKE


class Admission:
    """Let a test of one of the `systems` start unless `permit` raises, and skip tests of other systems.

    Once it is `closed`, no test starts, and none is reported.
    """

    def __init__(self, systems: Collection[str], permit: Callable[[], None]) -> None:
        self._systems = systems
        self._permit = permit
        self.closed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> bool | None:
        """Skip the test if no more may start."""
        return self.closed or None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Decide before any fixture is set up. This is no wrapper, so that pytest's own wrappers end in order."""
        if wrong := item.stash.get(MISTAKE, ""):
            pytest.fail(wrong, pytrace=False)
        system = system_of(item)
        if system in self._systems:
            self._permit()
        elif system:
            pytest.skip(f"the run does not test {system}: it is not among the systems that --conformance-system names")
