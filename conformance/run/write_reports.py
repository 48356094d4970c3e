"""Write the run record and all reports into the run's directory."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from conformance.core.atomic_write import write_text
from conformance.core.run_directory import RunDirectory
from conformance.report import junit, markdown, record_file, script
from conformance.report.allure import results
from conformance.report.html import page
from conformance.report.run_record import RunRecord

FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")


def write_reports(record: RunRecord, output: Path, kept: Collection[Path] = (), *, allure: bool = True) -> None:
    """Write `run.json`, `summary.md`, `report.html`, `junit.xml`, Allure's results, and the scripts of the
    deviations.

    Files in `kept` belong to the user, and are not changed.

    Raises:
        OSError: the directory cannot be written.
    """
    directory = RunDirectory(output)
    record_file.write(record, output)
    write_text(directory.summary, markdown.summary(record))
    for deviation in record.deviations:
        # the record of a shard is untrusted: a fingerprint might be a path
        if deviation.reproduce and FINGERPRINT.fullmatch(deviation.fingerprint):
            directory.script(deviation.fingerprint).parent.mkdir(exist_ok=True)
            write_text(directory.script(deviation.fingerprint), script.as_file(deviation) + "\n")
    page.write(record, output)
    if directory.junit not in kept:
        write_text(directory.junit, junit.document(record))
    if allure and directory.allure_results not in kept:
        directory.allure_results.mkdir(exist_ok=True)
        results.write(record, output, directory.allure_results)
