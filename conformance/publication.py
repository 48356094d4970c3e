"""Publication: writes the run record and every view of it into the run's directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance import runrecord
from conformance.reporting import allure_results, markdown
from conformance.runrecord import RunRecord

SUMMARY: Final = "summary.md"


def publish(record: RunRecord, output: Path, allure_directory: Path) -> None:
    """Write `run.json`, `summary.md` and Allure's results of the deviations."""
    runrecord.write(record, output)
    runrecord.write_text(output / SUMMARY, markdown.summary(record))
    allure_directory.mkdir(parents=True, exist_ok=True)
    allure_results.write(record, output, allure_directory)
