"""Repeat a test with a new deviation once. Registered with pytest if `--confirm` is given."""

from __future__ import annotations

from typing import Final

import pytest

from conformance.run.plugin.process import RunProcess
from conformance.run.plugin.protocol import TestProtocol

UNSTABLE: Final = "unstable: repeated at once, the test did not show its new deviations again"


class Confirmation:
    """Run the tests of the suites itself, since pytest's own protocol reports a test before it can be repeated."""

    def __init__(self, process: RunProcess, protocol: TestProtocol) -> None:
        self._process = process
        self._protocol = protocol

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test, and again if it has a new deviation. Report it as an expected failure if that is gone then."""
        if not self._protocol.is_recording(item):
            return None
        runner = item.config.pluginmanager.getplugin("runner")
        assert runner is not None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports: list[pytest.TestReport] = runner.runtestprotocol(item, nextitem=nextitem, log=False)
        if self._protocol.deviates and not self._process.interrupted:
            self._protocol.repeat(item)
            runner.runtestprotocol(item, nextitem=nextitem, log=False)
            if not self._protocol.is_confirmed:
                for report in reports:
                    if report.failed:
                        report.outcome = "skipped"
                        report.wasxfail = UNSTABLE
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
