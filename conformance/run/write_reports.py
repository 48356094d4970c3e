"""Publication: writes the run record and every view of it into the run's directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.report import markdown, run_record
from conformance.report.allure import results
from conformance.report.run_record import RunRecord

SUMMARY: Final = "summary.md"


def publish(record: RunRecord, output: Path, allure_directory: Path) -> None:
    """Write `run.json`, `summary.md` and Allure's results of the deviations."""
    run_record.write(record, output)
    run_record.write_text(output / SUMMARY, markdown.summary(record))
    allure_directory.mkdir(parents=True, exist_ok=True)
    results.write(record, output, allure_directory)
