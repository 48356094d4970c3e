"""`conformance serve`: runs the reference servers in the foreground."""

from __future__ import annotations

import threading
import tomllib
from typing import TYPE_CHECKING

import click

from conformance import reference
from conformance.cli.failure import InputRefused, refusing
from conformance.cli.printing import show
from conformance.cli.references import known_faults, known_logins
from conformance.cli.run import interruptible
from conformance.core.hints import hint
from conformance.core.systems import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@click.command("serve")
@click.argument("systems", metavar="[SYSTEM]...", nargs=-1, type=click.Choice(list(SYSTEMS)))
@click.option(
    "--port",
    type=click.IntRange(1, 65535 - 3),
    help="First port to use; a system with several APIs needs several.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="Serve with this fault; repeatable.",
)
@click.option("--list-faults", is_flag=True, help="List the faults and exit.")
@click.option(
    "--personality",
    metavar="NAME",
    default="plain",
    help=f"{'; '.join(f'{name}: {message}' for name, message in reference.PERSONALITIES.items())}. [plain]",
)
@click.option("--login", metavar="NAME", default="", help="Use another way to log in to one SYSTEM; see --list-logins.")
@click.option("--list-logins", is_flag=True, help="List the ways to log in and exit.")
def command(
    systems: tuple[str, ...],
    port: int | None,
    faults: tuple[str, ...],
    list_faults: bool,
    personality: str,
    login: str,
    list_logins: bool,
) -> None:
    """Serve the reference servers until Ctrl-C.

    Prints their target file. Without SYSTEM, all systems are served.
    """
    wanted = [system for system in SYSTEMS if not systems or system in systems]
    if list_faults:
        faults_known = [fault for system in wanted for fault in known_faults([system]).values()]
        columns = ("name", "system", "description")
        rows = [{column: getattr(fault, column) for column in columns} for fault in faults_known]
        show(rows, columns, f"{len(rows)} faults")
        return
    if list_logins:
        columns = ("name", "system", "description")
        found = [(name, value, what) for value in wanted for name, what in known_logins(value).items()]
        show([dict(zip(columns, row, strict=True)) for row in found], columns, f"{len(found)} logins")
        return
    if login and len(wanted) > 1:
        raise InputRefused(f"--login {login} works with one system only: add SYSTEM.")
    chosen = chosen_faults(wanted, faults)
    from conformance.cli.embedded import served  # help and lists need no server
    from conformance.reference.serving import PortUnavailable

    try:
        with (
            refusing(reference.UnknownPersonality, reference.UnknownLogin),
            interruptible(),
            served(wanted, chosen, port or 0, personality, login) as target,
        ):
            click.echo(target, nl=False)  # complete and flushed before its path is printed
            click.echo(f"Serving at {', '.join(_addresses(target))}. Press Ctrl-C to stop.", err=True)
            threading.Event().wait()
    except PortUnavailable as error:
        raise InputRefused(str(error.strerror)) from None
    except KeyboardInterrupt:
        return


def _addresses(target: str) -> Iterator[str]:
    """The URLs in the text of a target file."""
    for table in tomllib.loads(target).values():
        if isinstance(table, dict):
            yield from (value for key, value in table.items() if key.endswith("url"))


def chosen_faults(systems: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
    """The faults by their system.

    Raises:
        InputRefused: a fault that does not exist, or is one of a system that is not served.
    """
    known = known_faults(SYSTEMS)
    chosen: dict[str, list[str]] = {}
    for name in names:
        if name not in known:
            raise InputRefused(f"unknown fault {name!r}; {hint(name, known)}")
        if known[name].system not in systems:
            raise InputRefused(f"{name} is a fault of {known[name].system}, which is not served; add that system.")
        chosen.setdefault(known[name].system, []).append(name)
    return chosen
