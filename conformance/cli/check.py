"""`conformance check`: what a target file says, and what it could say more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.failure import refusing
from conformance.target import Procesio, ProcessMaker3, Safety, Target, TargetError, load, urls

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("check")
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
def command(target: Path) -> None:
    """Validate the target file TARGET.

    Prints what was understood, and what could be added.

    This version does not connect to the target: it tells nothing of whether the server is there and takes the
    credentials.
    """
    with refusing(TargetError):
        understood = load(target)
    for line in told(understood):
        click.echo(line)


def told(target: Target) -> Iterator[str]:
    """What is understood of a target, line by line, without a secret."""
    yield f"target   {target.name}"
    yield f"safety   {target.safety.level}"
    if not target.network.verify:
        yield "network  certificates are NOT verified (network.verify = false)"
    for system in target.systems:
        table = target.table(system)
        yield ""
        yield f"[{system}]"
        for key, url in urls(table).items():
            yield f"  {key} = {url}"
        yield f"  version: {table.version or 'not given; everything applies'}"
        if table.unsupported:
            yield f"  unsupported: {', '.join(table.unsupported)}"
        if table.bodies:
            yield f"  bodies: {', '.join(table.bodies)}"
        for one in table.accommodations:
            yield f"  accommodation of {one.operation}: {one.reason}"
        if isinstance(table, ProcessMaker3):
            yield from _accounts(table)
            yield from _fixtures(table, target.safety.level)
        if isinstance(table, Procesio):
            yield from _procesio(table)
    yield ""
    yield "The file is valid. Nothing was sent: this version does not connect to the target."


def _accounts(table: ProcessMaker3) -> Iterator[str]:
    yield f"  user: {table.username}"
    for name in type(table.users).model_fields:
        user = getattr(table.users, name)
        if user is not None:
            yield f"  user {name}: {user.username}"
        else:
            yield f"  user {name}: missing; add"
            yield f'    [processmaker3.users.{name}]\n    username = "…"\n    password = "…"'
    if table.application is None:
        yield "  application for a new user: missing; add"
        yield '    [processmaker3.application]\n    client_id = "…"\n    client_secret = "…"'


def _fixtures(table: ProcessMaker3, level: Safety) -> Iterator[str]:
    fixtures = table.fixtures.model_dump(exclude={"may_change"})
    free = table.fixtures.may_change or level is Safety.DISPOSABLE
    yield f"  fixtures ({'may be' if free else 'are not'} changed): " + (
        ", ".join(f"{name} = {value}" for name, value in fixtures.items() if value is not None) or "none"
    )
    missing = [name for name, value in fixtures.items() if value is None]
    if missing:
        yield "  missing fixtures; add under [processmaker3.fixtures]"
        for name in missing:
            yield f"    {name} = …" if name.endswith("size") else f'    {name} = "…"'


def _procesio(table: Procesio) -> Iterator[str]:
    yield f"  user: {table.username}"
    for name in ("workspace_id", "process_id"):
        value = getattr(table, name)
        yield f"  {name} = {value}" if value else f'  missing; add under [procesio]\n    {name} = "…"'
    if table.api_key is None:
        yield '  missing; add\n    [procesio.api_key]\n    name = "…"\n    value = "…"'
    else:
        yield f"  API key: {table.api_key.name}"
