"""`conformance dev`: tools for authors of specs, registers and checks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.failure import InputRefused
from conformance.cli.paths import PATH
from conformance.core import exit_codes
from conformance.core.systems import SYSTEMS
from conformance.report import words
from conformance.spec import specification
from conformance.suites import data
from conformance.target.system_table import keys, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.spec.lint.rule import Problem

TARGET_FILE: Final = "target-file"
NAMES: Final = (TARGET_FILE, "baseline", "run-record", "comparison", "statement", "spec", "register")
PAGE: Final = "docs/readings.md"
CODE: Final = re.compile(r"^\| (A-[A-Z0-9]+-\w+) \|", re.MULTILINE)


@click.group("dev", invoke_without_command=True, no_args_is_help=False)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Check specs and registers, and print JSON Schemas."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return exit_codes.USAGE
    return exit_codes.OK


@command.command("lint")
@click.argument("files", metavar="[SPEC REGISTER]", nargs=-1, type=PATH)
@click.option("--system", metavar="NAME", help="The system that they describe [the name of SPEC's directory].")
@click.option("--readings", type=PATH, help=f"The page of readings [{PAGE} of a checkout].")
def lint(files: tuple[Path, ...], system: str | None, readings: Path | None) -> int:
    """Check a spec and its register.

    SPEC is an OpenAPI document with x-conformance, REGISTER its list of requirements. Without them, the suite's own
    specs are checked. Each line of the output names the file, the place and the rule, and says what is wrong and how to
    fix it. The exit code is 4 if a rule is broken.
    """
    from conformance.spec.lint import left_out
    from conformance.spec.lint import lint as checked

    if len(files) not in (0, 2):
        raise click.UsageError("lint needs two files: SPEC REGISTER.")
    if not files and system is not None and system not in SYSTEMS:
        raise click.UsageError(f"unknown system {system!r}; add its files: SPEC REGISTER.")
    found: list[Problem] = []
    unchecked: dict[str, None] = {}
    subjects = list(_subjects(files, system))
    for name, spec, register in subjects:
        against = _against(name, readings)
        found += checked(name, spec, register, **against)
        unchecked |= dict.fromkeys(f"{rule.code} {rule.title}" for rule in left_out(against))
    for problem in found:
        click.echo(problem)
    for message in unchecked:
        click.echo(f"not checked: {message}", err=True)
    click.echo(f"{words.count(len(found), 'problem')} in {words.count(len(subjects), 'spec')}")
    return exit_codes.USAGE if found else exit_codes.OK


@command.command("schema")
@click.argument("name", type=click.Choice(NAMES))
def schema(name: str) -> None:
    """Print the JSON Schema of a format."""
    if name == TARGET_FILE:  # it has a table for each system, including other packages'
        from conformance.cli import schemas

        click.echo(schemas.text(name), nl=False)
        return
    path = Path(__file__).parent / "schemas" / f"{name}.schema.json"
    click.echo(path.read_text(encoding="utf-8"), nl=False)


def _subjects(files: tuple[Path, ...], system: str | None) -> Iterator[tuple[str, Path, Path]]:
    """The systems with the files of their specs and registers."""
    if files:
        spec, register = files
        yield system or spec.absolute().parent.name, spec, register
        return
    for name in [system] if system else SYSTEMS:
        directory = SYSTEMS[name].specs
        yield name, directory / specification.SPEC, directory / specification.REGISTER


def _against(system: str, readings: Path | None) -> dict[str, Any]:
    """The subject of a lint. Of an unknown system, little is known."""
    from conformance.cli.references import known_faults

    known = system in SYSTEMS
    others = [name for name in SYSTEMS if name != system]
    return {
        "elsewhere": {
            operation: SYSTEMS[name].title for name in others for operation in specification.load(name).operations
        },
        "profiles": SYSTEMS[system].profiles if known else None,
        "keys": keys(table_of(system)) if known else None,
        "faults": known_faults([system]).keys() if known else None,
        "readings": _readings(readings or (SYSTEMS[system].readings if known else data.readings())),
    }


def _readings(page: Path | None) -> frozenset[str] | None:
    """The codes that a page of readings explains; None without a page."""
    if page is None:
        return None
    try:
        return frozenset(CODE.findall(page.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise InputRefused(f"{page}: cannot be read ({error}); choose a page like {PAGE}.") from None
