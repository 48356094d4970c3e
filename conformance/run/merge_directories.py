"""Merge the directories of shards into one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.core.run_directory import RunDirectory
from conformance.report import record_file
from conformance.report.run_record import RunRecord
from conformance.run import aggregate, merge, write_reports
from conformance.run.worker_log import concatenate


def merge_directories(runs: Sequence[Path]) -> RunRecord:
    """The record of the directories of shards, some of which may have been killed.

    Raises:
        UnreadableRun: a directory is not that of a run, or its record cannot be read.
        Unmergeable: they do not belong together.
    """
    killed = [run for run in runs if RunDirectory(run).is_killed]
    records = [record_file.read(run) for run in runs if run not in killed]
    remains = [aggregate.remains(run) for run in killed]
    record = merge.merge(
        records,
        leftovers=[leftover for leftovers, _ in remains for leftover in leftovers],
        residue=[item for _, residue in remains for item in residue],
    )
    named = [f"{run}: a shard ended without a record" for run in killed]
    return record.model_copy(update={"problems": [*record.problems, *named]})


def write(record: RunRecord, runs: Sequence[Path], output: Path) -> None:
    """Write a merged record and its files into an empty directory. Raises OSError."""
    directories, merged = [RunDirectory.of(run) for run in runs], RunDirectory(output)
    for path, name in _journals(directories):
        shutil.copyfile(path, output / name)
    concatenate((directory.exchanges for directory in directories if directory.exchanges.exists()), merged.exchanges)
    write_reports.write_reports(record, output)


def _journals(directories: Sequence[RunDirectory]) -> Iterator[tuple[Path, str]]:
    """Every journal with a unique name: a shard that was killed and ran again has two."""
    taken: set[str] = set()
    for number, directory in enumerate(directories, 1):
        for path in directory.journals():
            name = path.name if path.name not in taken else f"{path.stem}-{number}{path.suffix}"
            taken.add(name)
            yield path, name
