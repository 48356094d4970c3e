"""Compare the verdicts of two commits for every fault: for a change of the code that must not change any.

In a checkout of each commit, with the environment of that commit: `python -m tests.runs.same_verdicts write FILE`. It
takes about half an hour on one core, and continues where it was interrupted. Then, in either of both:
`python -m tests.runs.same_verdicts compare BEFORE AFTER`. It prints each fault whose results differ, and ends with 1 if
one does.

It compares exit codes, outcomes, reasons, blocking fingerprints, fingerprints of deviations and findings, and the
numbers of problems and leftovers; not titles, texts and durations, nor what the selection of tests leaves out.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import click

from conformance.core.verdict import Reason
from conformance.report.run_record import RunRecord
from conformance.spec.specification import SYSTEMS

from .faults import FAULTS, examples, expression_of_deciding_tests
from .support import Run, run, served

SAVED_AFTER = 10  # faults


def facts(result: Run) -> dict[str, Any]:
    """The facts of a run that must stay the same."""
    record = result.record
    return {
        "code": result.code,
        "verdicts": {
            verdict.requirement: [verdict.outcome, verdict.reason, verdict.blocked_by]
            for verdict in record.verdicts
            if verdict.reason != Reason.NOT_SELECTED
        },
        "deviations": sorted([deviation.fingerprint, deviation.requirement] for deviation in record.deviations),
        "findings": sorted([finding.fingerprint, finding.requirement] for finding in record.findings),
        "problems": len(record.problems),
        "leftovers": len(record.leftovers),
    }


def against(system: str, faults: list[str], selected: str = "") -> tuple[dict[str, Any], RunRecord]:
    """The facts of a run against a reference with these faults, and its record."""
    with served(system, faults) as (_, toml), tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "target.toml"
        target.write_text(toml, encoding="utf-8")
        select = ["-k", selected] if selected else []
        options = min((examples(fault) for fault in faults), default=("--max-examples", "1"))
        result = run(target, Path(directory) / "run", *options, pytest_args=select)
        return facts(result), result.record


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """A line for each fault whose facts differ, and for each that only one file has."""
    lines = [f"{fault}: only in one of both" for fault in sorted(before.keys() ^ after.keys())]
    for fault in sorted(before.keys() & after.keys()):
        one, other = before[fault], after[fault]
        parts = [
            f"{name} {one[name]} -> {other[name]}" for name in one if name != "verdicts" and one[name] != other[name]
        ]
        changed = sorted(
            requirement
            for requirement in one["verdicts"].keys() | other["verdicts"].keys()
            if one["verdicts"].get(requirement) != other["verdicts"].get(requirement)
        )
        parts += [f"{name} {one['verdicts'].get(name)} -> {other['verdicts'].get(name)}" for name in changed]
        if parts:
            lines.append(f"{fault}: {'; '.join(parts)}")
    return lines


@click.group()
def main() -> None:
    """Compare the verdicts of two commits, fault by fault."""


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def write(file: Path) -> None:
    """Write the results of each fault's tests to FILE; faults that are in it already are skipped."""
    done: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    plain: dict[str, RunRecord] = {}
    for system in SYSTEMS:
        done[system], plain[system] = against(system, [])
    missing = [value for value in sorted(FAULTS) if value not in done]
    for number, fault in enumerate(missing, start=1):
        system = FAULTS[fault]
        done[fault], _ = against(system, [fault], expression_of_deciding_tests(fault, plain[system]))
        if number % SAVED_AFTER == 0 or number == len(missing):
            file.write_text(json.dumps(done), encoding="utf-8")


@main.command()
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def compare(before: Path, after: Path) -> None:
    """Print the faults whose results differ between two such files."""
    one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    lines = differing(one, other)
    click.echo("\n".join([*lines, f"{len(lines)} of {len(one.keys() | other.keys())} differ"]))
    raise SystemExit(1 if lines else 0)


if __name__ == "__main__":
    main()
