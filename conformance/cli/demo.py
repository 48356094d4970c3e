"""`conformance demo`: shows what a report looks like, with the reference servers and some faults."""

from __future__ import annotations

import shlex
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from conformance.cli.output import run_place
from conformance.cli.paths import PATH
from conformance.cli.references import demonstrated, known_faults
from conformance.cli.run import PYTEST_VARIABLES, arguments, interruptible, reference_workers, start, without
from conformance.core import exit_codes
from conformance.core.command_name import command_name
from conformance.core.run_directory import RunDirectory
from conformance.core.systems import SYSTEMS
from conformance.report import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME: Final = "demo"
PORTS: Final = range(8460, 8560, 10)
"""The first of consecutive ports, one after the other, until they are free."""
SECONDS: Final = 25
"""How long it takes, about, on a machine of today."""


@click.command("demo", short_help="Show what a report looks like.")
@click.option("--output", type=PATH, help="Output directory [a new one in reports/].")
def command(output: Path | None) -> int:
    """Test the reference servers with a few faults, to show what a report looks like.

    The reference servers are small servers that do what the documentation says. They are started on localhost, so this
    needs no server of yours and no network. The exit code is 0 if the run reported the faults.
    """
    systems = list(SYSTEMS)
    faults = {system: names for system, names in demonstrated(systems).items() if names}
    known = known_faults(systems)
    names = [name for some in faults.values() for name in some]
    titles = words.joined(SYSTEMS[system].title for system in systems)
    click.echo(f"Testing small servers for {titles} on localhost. This takes about {SECONDS} seconds.", err=True)
    click.echo("Each server does what its API documentation says, except for these faults:", err=True)
    for name in names:
        click.echo(f"  {SYSTEMS[known[name].system].title}: {known[name].description.rstrip('.')}", err=True)
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        text, port = _served_at_known_ports(stack, systems, faults)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conformance-")))
        target = folder / f"{NAME}.toml"
        target.write_text(text, encoding="utf-8")
        place = stack.enter_context(run_place(output, NAME))
        stack.enter_context(without(PYTEST_VARIABLES))
        code = start(arguments(target, place, reference_workers({}), {}), place)
    if code != exit_codes.DEVIATIONS:
        return code or exit_codes.INTERNAL
    click.echo(f"\nOpen {RunDirectory(place).page} in a browser.")
    again = " ".join([*([f"--port {port}"] if port else []), *(f"--fault {name}" for name in names)])
    called = command_name()
    click.echo(f"The servers have stopped. To start them again: {called} serve {again} > {NAME}.toml")
    script = shlex.quote(str(RunDirectory(place).script("FINGERPRINT")))
    click.echo(f'Then, to reproduce one, in a second terminal: eval "$({called} env {NAME}.toml)"; bash {script}')
    click.echo(f"To test your server: {called} init")
    return exit_codes.OK


def _served_at_known_ports(
    stack: ExitStack, systems: Sequence[str], faults: Mapping[str, Sequence[str]]
) -> tuple[str, int]:
    """Serve at consecutive ports if some are free; returns the target file and the first of them, or 0.

    So the addresses in the scripts of the deviations are those of servers that are started again.
    """
    from conformance.cli.embedded import served  # help needs no server
    from conformance.reference.serving import PortUnavailable

    for port in PORTS:
        with suppress(PortUnavailable):
            return stack.enter_context(served(systems, faults, port)), port
    return stack.enter_context(served(systems, faults)), 0
