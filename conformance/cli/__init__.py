"""The `conformance` command: one short module per command, imported when the command is called."""

from __future__ import annotations

import difflib
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.failure import internal
from conformance.core import exit_codes
from conformance.core.command_name import as_called
from conformance.core.garbage import collect_less_often, collect_no_more
from conformance.core.streams import forgiving
from conformance.core.systems import UnusableSystem
from conformance.core.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = (
    *("demo", "init", "check", "run", "rerun", "env", "report", "export", "compare", "merge", "baseline"),
    *("statement", "verify", "gallery", "sweep", "serve", "requirements", "operations", "spec", "dev"),
)


class Commands(click.Group):
    """The group of commands; every way to end has its exit code here."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now; None if it does not exist."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"conformance.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is a usage error with the nearest known one."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], known, n=1)
            ctx.fail(f"unknown command {args[0]!r}" + (f"; did you mean {close[0]}?" if close else "."))
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit with its code, or return the code when not in standalone mode."""
        if standalone_mode:  # the process is ours
            collect_less_often()
        with forgiving():
            code = self._code(args, prog_name or "conformance", complete_var, **extra)
        if standalone_mode:
            collect_no_more()
            sys.exit(code)
        return code

    def _code(self, args: Sequence[str] | None, prog_name: str, complete_var: str | None, **extra: Any) -> int:
        try:
            code: int | None = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            return code or exit_codes.OK
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            path = context.command_path if context else "conformance"
            advice = as_called(f" See `{path} --help`.") if isinstance(error, click.UsageError) else ""
            click.echo(f"{path}: {error.format_message()}{advice}", err=True)
            return exit_codes.USAGE
        except click.Abort:
            click.echo("conformance: interrupted.", err=True)
            return exit_codes.INTERRUPTED
        except UnusableSystem as error:
            click.echo(f"conformance: {error}", err=True)
            return exit_codes.USAGE
        except Exception as error:
            return internal(error)


@click.group(
    "conformance",
    cls=Commands,
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="conformance")
@click.pass_context
def main(ctx: click.Context) -> int:
    """Test whether a server behaves as its API documentation says, and report every difference."""
    if os.name == "nt":
        click.echo("conformance: Windows is not tested; if something fails, use Linux, for example in WSL.", err=True)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return exit_codes.USAGE
    return exit_codes.OK
