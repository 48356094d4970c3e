"""`conformance merge`: combines the shards of a run."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.output import prepared
from conformance.cli.paths import PATH
from conformance.report import record_file
from conformance.run import merge, merge_directories


@click.command("merge")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=PATH)
@click.option("--output", required=True, type=PATH, help="Output directory of the merged run.")
def command(runs: tuple[Path, ...], output: Path) -> int:
    """Combine the shards of a run.

    RUN is a directory that `conformance run --shard I/N` wrote. The exit code is that of the whole run. If a shard is
    missing, the output names it and the merged run is incomplete.
    """
    try:
        with refusing(record_file.UnreadableRun):
            record = merge_directories.merge_directories(runs)
    except merge.Unmergeable as error:
        raise InputRefused(f"these runs cannot be merged: {error}") from None
    directory = prepared(output)
    merge_directories.write(record, runs, directory)
    from rich.console import Console

    from conformance.report import terminal

    terminal.show(record, directory, Console())
    return record.exit_code
