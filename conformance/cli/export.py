"""`conformance export`: the exchanges of a run for other tools."""

from __future__ import annotations

import json
from pathlib import Path

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.core.atomic_write import write_text
from conformance.core.run_directory import RunDirectory
from conformance.report import exchanges, har, record_file


@click.command("export", short_help="Export requests and responses as HAR.")
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--har", "archive", metavar="FILE", required=True, type=PATH, help="Write an HTTP Archive (HAR 1.2).")
def command(run: Path, archive: Path) -> None:
    """Export the requests and responses that the verdicts of RUN cite.

    RUN is a directory that `conformance run` wrote. Browsers and proxies can open the file. Secrets are hidden, as
    far as they can be recognised, but the responses of the target may be confidential.
    """
    with refusing(record_file.UnreadableRun):
        record = record_file.read(run)
    found = exchanges.read_all(RunDirectory.of(run).path)
    try:
        write_text(archive, json.dumps(har.document(record, found), ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise InputRefused(f"{archive}: cannot be written ({error.strerror}); choose another file.") from None
    click.echo(f"{archive}: {len(found):,} exchanges")
