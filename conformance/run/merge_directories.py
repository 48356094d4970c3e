"""Merging directories: reads the directories of shards, merges them, and writes one directory."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree as ElementTree

from conformance.core.run_directory import RunDirectory
from conformance.report import record_file
from conformance.report.allure.coverage import ACCOMMODATION, REQUIREMENT
from conformance.report.allure.results import DEVIATION, FINDING
from conformance.report.run_record import RunRecord
from conformance.run import aggregate, merge, write_reports
from conformance.run.worker_log import concatenate


def merge_directories(runs: Sequence[Path]) -> RunRecord:
    """The record of what stands in the directories of shards, some of which may have been killed.

    Raises:
        UnreadableRun: a directory is none of a run, or its record cannot be read.
        Unmergeable: they do not belong together.
    """
    killed = [run for run in runs if RunDirectory(run).is_killed]
    records = [record_file.read(run) for run in runs if run not in killed]
    remains = [aggregate.remains(run) for run in killed]
    record = merge.merge(
        records,
        leftovers=[one for leftovers, _ in remains for one in leftovers],
        residue=[one for _, residue in remains for one in residue],
    )
    told = [f"{run}: a shard ended without a record" for run in killed]
    return record.model_copy(update={"problems": [*record.problems, *told]})


def write(record: RunRecord, runs: Sequence[Path], output: Path) -> None:
    """Write a merged record and what belongs to it into an empty directory. Raises OSError."""
    directories, merged = [RunDirectory.of(run) for run in runs], RunDirectory(output)
    for path, name in _journals(directories):
        shutil.copyfile(path, output / name)
    concatenate((one.exchanges for one in directories if one.exchanges.exists()), merged.exchanges)
    _join_junit([one.junit for one in directories if one.junit.exists()], merged.junit)
    merged.allure_results.mkdir()
    for path in _tests_results(directories):
        shutil.copyfile(path, merged.allure_results / path.name)
    write_reports.write_reports(record, output, merged.allure_results)


def _journals(directories: Sequence[RunDirectory]) -> Iterator[tuple[Path, str]]:
    """Every journal with a name of its own: a shard that was killed and ran again has two."""
    taken: set[str] = set()
    for number, directory in enumerate(directories, 1):
        for path in directory.journals():
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


def _tests_results(directories: Sequence[RunDirectory]) -> Iterator[Path]:
    """Allure's files of the tests. Those of deviations and findings are made anew, of the merged record."""
    for directory in directories:
        for path in sorted(directory.allure_results.glob("*.json")):
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
