"""`conformance env`: the variables that the scripts of deviations need, for a shell."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Final

import click

from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.core import exit_codes
from conformance.core.systems import SYSTEMS
from conformance.report import escape
from conformance.run.choice import Unavailable, chosen
from conformance.target.target import TargetError, load
from conformance.wire.call import MAIN

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # of a variable of a shell


@click.command("env", short_help="Print the variables that reproduction scripts need.")
@click.argument("target", metavar="TARGET", type=PATH)
@click.option(
    "--system", "systems", multiple=True, type=click.Choice(list(SYSTEMS)), help="Only this system; repeatable."
)
def command(target: Path, systems: tuple[str, ...]) -> int:
    """Print the secrets of TARGET, and a new token for each of its users, as variables of a shell.

    The scripts and curl commands of deviations need these variables. Use it as `eval "$(conformance env TARGET)"`, so
    that the secrets do not appear on a screen or in a file. It requests tokens and changes nothing. The exit code is 6
    if a system refuses the credentials of its main user.
    """
    if sys.stdout.isatty():
        name = escape.line(shlex.quote(str(target)), 200)
        raise InputRefused(
            f'the output has secrets, which should not be on a screen; run eval "$(conformance env {name})"'
        )
    with refusing(TargetError, Unavailable):
        loaded = load(target)
        wanted = chosen(loaded, systems, ())
    from conformance.run.secret_variables import secret_variables  # opens connections: only when all is in order

    variables, refusals = secret_variables(loaded, wanted)
    for name, value in sorted(variables.items()):
        if NAME.fullmatch(name):
            click.echo(f"export {name}={shlex.quote(value)}")
    for refusal in refusals:
        whose = f"{refusal.system}, user {refusal.user}" if refusal.user else refusal.system
        click.echo(f"no token: {escape.line(f'{whose}: {refusal.why}', 400)}", err=True)
    return exit_codes.UNAVAILABLE if any(refusal.user == MAIN for refusal in refusals) else exit_codes.OK
