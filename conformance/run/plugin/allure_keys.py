"""Set labels and history ids of the tests' Allure results, independent of how pytest was called.

allure-pytest derives its ids from node ids, which depend on the directory in which pytest was started.
"""

from __future__ import annotations

import hashlib
from typing import Any

import allure_commons
from allure_commons.model2 import Label, TestResult
from allure_commons.types import LabelType

LABEL = "conformance-test"


class HistoryKeys:
    """A plugin of Allure: gives each of our results the key in its label."""

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """Replace the ids of a result with our label."""
        name = next((label.value for label in result.labels if label.name == LABEL), None)
        if name is None:
            return
        key = hashlib.md5(f"test {name}".encode(), usedforsecurity=False).hexdigest()
        result.historyId = result.testCaseId = key
        result.fullName = name
        result.labels = [
            label for label in result.labels if label.name not in (LABEL, "parentSuite", "suite", "subSuite")
        ]
        module, _, _ = name.partition("::")
        for kind, value in (("parentSuite", "Tests"), ("suite", module.split("/")[0]), ("subSuite", module)):
            result.labels.append(Label(name=kind, value=value))


def register() -> Any:
    """Register with Allure; returns the plugin, for `unregister`."""
    plugin = HistoryKeys()
    allure_commons.plugin_manager.register(plugin)
    return plugin


def unregister(plugin: Any) -> None:
    """Unregister the plugin."""
    allure_commons.plugin_manager.unregister(plugin)


def label(test: str, system: str) -> None:
    """Label the result of the current test. Does nothing if Allure is not listening."""
    import allure

    mark = allure.dynamic.label
    mark(LABEL, test)  # type: ignore[no-untyped-call]
    mark("layer", "test")  # type: ignore[no-untyped-call]
    mark(LabelType.EPIC, system)  # type: ignore[no-untyped-call]
