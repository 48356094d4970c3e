"""`conformance spec`: prints an API as a plain OpenAPI document."""

from __future__ import annotations

import json
from pathlib import Path

import click
import yaml

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.core.systems import SYSTEMS
from conformance.report import observed, record_file
from conformance.report.run_record import RunRecord
from conformance.spec import specification
from conformance.spec.bundle import bundle


@click.command("spec")
@click.argument("system", type=click.Choice(list(SYSTEMS)))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of YAML.")
@click.option("--observed", "run", metavar="RUN", type=PATH, help="Print the responses that RUN saw instead.")
def command(*, system: str, as_json: bool, run: Path | None) -> None:
    """Print an API as one plain OpenAPI 3.1 document.

    Use it with any tool that reads OpenAPI: a linter, a mock server, a generator of clients. The descriptions say where
    each operation and each field is documented.

    With --observed the operations are the same, with the responses of a run: statuses, media types, fields and their
    types. Compare both documents with any tool that compares OpenAPI.
    """
    path = SYSTEMS[system].specs / specification.SPEC
    document = bundle(system, specification.data(path.read_bytes(), path), specification.fields(system))
    if run is not None:
        document = observed.observed(document, _record(run, system))
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), nl=False)


def _record(run: Path, system: str) -> RunRecord:
    """The record of a run that tested a system. Raises InputRefused."""
    with refusing(record_file.UnreadableRun):
        record = record_file.read(run)
    if system not in record.target.systems:
        tested = ", ".join(record.target.systems)
        raise InputRefused(f"{run}: the run did not test {system}, but {tested}; choose one of these.")
    return record
