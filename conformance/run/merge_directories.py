"""Gathering: the directories of the shards of a run, read, merged, and written as one directory."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree as ElementTree

from conformance.report import run_record
from conformance.report.allure.coverage import ACCOMMODATION, REQUIREMENT
from conformance.report.allure.page import RESULTS
from conformance.report.allure.results import DEVIATION, FINDING
from conformance.report.run_record import RunRecord
from conformance.run import aggregate, merge, write_reports
from conformance.run.worker import EXCHANGES, PARTS
from conformance.run.worker_log import concatenate
from conformance.wire import ledger

JUNIT: Final = "junit.xml"


def gather(runs: Sequence[Path]) -> RunRecord:
    """The record of what stands in the directories of shards, some of which may have been killed.

    Raises:
        UnreadableRun: a directory is none of a run, or its record cannot be read.
        Unmergeable: they do not belong together.
    """
    killed = [run for run in runs if _killed(run)]
    records = [run_record.read(run) for run in runs if run not in killed]
    remains = [aggregate.remains(run) for run in killed]
    record = merge.merge(
        records,
        leftovers=[one for leftovers, _ in remains for one in leftovers],
        residue=[one for _, residue in remains for one in residue],
    )
    told = [f"{run}: a shard ended there without a record" for run in killed]
    return record.model_copy(update={"problems": [*record.problems, *told]})


def write(record: RunRecord, runs: Sequence[Path], output: Path) -> None:
    """Write a merged record and what belongs to it into an empty directory. Raises OSError."""
    directories = [run if run.is_dir() else run.parent for run in runs]
    for path, name in _journals(directories):
        shutil.copyfile(path, output / name)
    concatenate((path for run in directories if (path := run / EXCHANGES).exists()), output / EXCHANGES)
    _join_junit([path for run in directories if (path := run / JUNIT).exists()], output / JUNIT)
    (output / RESULTS).mkdir()
    for path in _tests_results(directories):
        shutil.copyfile(path, output / RESULTS / path.name)
    write_reports.publish(record, output, output / RESULTS)


def _killed(run: Path) -> bool:
    """Whether a run was begun in a directory and never came to its record."""
    begun = (run / PARTS).is_dir() or any(run.glob(ledger.GLOB))
    return begun and not (run / run_record.FILE_NAME).exists()


def _journals(directories: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Every journal with a name of its own: a shard that was killed and ran again has two."""
    taken: set[str] = set()
    for number, directory in enumerate(directories, 1):
        for path in sorted(directory.glob(ledger.GLOB)):
            name = path.name if path.name not in taken else f"{path.stem}-{number}{path.suffix}"
            taken.add(name)
            yield path, name


def _join_junit(paths: Sequence[Path], joined: Path) -> None:
    """One file with the test suites of all. Of a file that a kill cut off there is nothing to be had."""
    roots = []
    for path in paths:
        with contextlib.suppress(ParseError):
            roots.append(ElementTree.fromstring(path.read_bytes()))
    if roots:
        first, *others = roots
        for other in others:
            first.extend(other)
        joined.write_bytes(ElementTree.tostring(first, encoding="utf-8", xml_declaration=True))


def _tests_results(directories: Sequence[Path]) -> Iterator[Path]:
    """Allure's files of the tests. Those of deviations and findings are made anew, of the merged record."""
    for directory in directories:
        for path in sorted((directory / RESULTS).glob("*.json")):
            kind = path.stem.rpartition("-")[2]
            if kind not in ("result", "container"):
                continue
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            layers = {label["value"] for label in told.get("labels", ()) if label["name"] == "layer"}
            if layers & {DEVIATION, FINDING, REQUIREMENT, ACCOMMODATION}:
                continue
            yield path
            yield from (found for name in _attached(told) if (found := path.with_name(name)).is_file())


def _attached(node: Any) -> Iterator[str]:
    """The names of the files that a result of Allure's names, also those of its steps and fixtures."""
    if isinstance(node, dict):
        yield from (Path(one["source"]).name for one in node.get("attachments", ()))
        for member in node.values():
            yield from _attached(member)
    elif isinstance(node, list):
        for member in node:
            yield from _attached(member)
