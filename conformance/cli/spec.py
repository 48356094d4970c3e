"""`conformance spec`: prints an API as a plain OpenAPI document."""

from __future__ import annotations

import json

import click
import yaml

from conformance.core.systems import SYSTEMS
from conformance.spec import specification
from conformance.spec.bundle import bundle


@click.command("spec")
@click.argument("system", type=click.Choice(list(SYSTEMS)))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of YAML.")
def command(*, system: str, as_json: bool) -> None:
    """Print an API as one plain OpenAPI 3.1 document.

    Use it with any tool that reads OpenAPI: a linter, a mock server, a generator of clients. The descriptions say where
    each operation is documented.
    """
    path = SYSTEMS[system].specs / specification.SPEC
    document = bundle(system, specification.data(path.read_bytes(), path))
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), nl=False)
