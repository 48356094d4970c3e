"""`conformance init`: asks for what a target file needs, writes it, and checks it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

import click

from conformance.cli.check import Selected, probed, show
from conformance.cli.failure import InputRefused, refusing
from conformance.cli.paths import PATH
from conformance.cli.questions import Questions
from conformance.cli.target_text import reads_as, target_text
from conformance.core import exit_codes
from conformance.core.command_name import command_name
from conformance.core.systems import SYSTEMS
from conformance.target.target import Target, TargetError, parse

PRIVATE: Final = 0o600


@click.command("init", short_help="Write a target file, and check it.")
@click.argument("file", metavar="[FILE]", default="target.toml", type=PATH)
@click.option(
    "--system",
    "systems",
    type=click.Choice(list(SYSTEMS)),
    multiple=True,
    help="System to test; repeatable.",
)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Value of a key of the system's table, so that it is not asked for; repeatable. With several systems, write"
    " SYSTEM.KEY=VALUE.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--offline", is_flag=True, help="Send nothing; do not try the login.")
def command(file: Path, systems: tuple[str, ...], settings: tuple[str, ...], force: bool, offline: bool) -> int:
    """Write a target file, try its login, and show what a run would test.

    Asks for the values that the target file needs for each system. Secrets are not written to FILE, which contains the
    names of environment variables instead. If such a variable is set, its value is used. FILE is target.toml by
    default. The exit code is 6 if the login failed; FILE is written even then.
    """
    if not force and os.path.lexists(file):
        raise InputRefused(f"{file}: exists already; choose another file, or replace it with --force.")
    questions = Questions(systems, settings, file.stem)
    data, secrets = questions.asked()
    env = {**os.environ, **secrets}
    with refusing(TargetError):
        target = parse(data, base=file.parent, env=env, source=str(file))
    text = target_text(data)
    if not reads_as(text, data):
        raise InputRefused(f"{file}: a value has a character that TOML cannot hold; give another value.")
    _write(file, text, force=force)
    click.echo(f"Wrote {file}, without secrets; only you can read it.", err=True)
    code = exit_codes.OK if offline else _tried(target, file)
    if secrets:
        click.echo(f"Before you use it, set these environment variables: {', '.join(secrets)}.", err=True)
    if code == exit_codes.OK:
        click.echo(f"To test the server: {command_name()} run {file}", err=True)
    return code


def _tried(target: Target, file: Path) -> int:
    """Test the login of each system, and show what a run would test if all of them work."""
    results = {system: list(probed(target, system)) for system in target.systems}
    failed = [(system, probe) for system, tried in results.items() for probe in tried if not probe.works]
    if not failed:
        return show(target, Selected(target.systems), results)
    for system, probe in failed:
        click.echo(f"conformance init: [{system}] {probe.what}: {probe.message}", err=True)
    click.echo(f"{file} was written nevertheless. Correct it, then run: {command_name()} check {file}", err=True)
    return exit_codes.UNAVAILABLE


def _write(file: Path, text: str, *, force: bool) -> None:
    """Write a file that only its owner can read. Raises InputRefused."""
    if file.exists() and not file.is_file():
        raise InputRefused(f"{file}: is not a regular file, so it is not replaced; choose another file.")
    try:
        if force:
            handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # which nobody else can read
            with open(handle, "w", encoding="utf-8") as temporary:
                temporary.write(text)
            Path(name).replace(file)
        else:
            with open(file, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, PRIVATE)) as new:
                new.write(text)
    except OSError as error:
        raise InputRefused(f"{file}: cannot be written ({error.strerror}); choose another file.") from None
