"""The options of `conformance run` as click wants them, from the table of all options of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click

from conformance.cli.paths import PATH
from conformance.core.shard import parse
from conformance.core.systems import SYSTEMS
from conformance.run.options import OPTIONS, Kind, Option
from conformance.target.target import duration

FILTERS: Final = ("include", "exclude")
Command = TypeVar("Command", bound=Callable[..., Any])


def _duration(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else duration(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}.") from None


def _shard(_: click.Context, __: click.Parameter, value: str | None) -> Any:
    try:
        return None if value is None else parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def run_options(command: Command) -> Command:
    """Give a command the options of a run; its function gets their values, None for what is not given."""
    return _with([option for option in OPTIONS if option.in_command], command)


def planning_options(command: Command) -> Command:
    """Give a command the options of a run that change what would be tested."""
    return _with([option for option in OPTIONS if option.plans], command)


def filter_options(command: Command) -> Command:
    """Give a command the options of a run that select operations, profiles and requirements by patterns."""
    return _with([option for option in OPTIONS if option.name in FILTERS], command)


def _with(options: Sequence[Option], command: Command) -> Command:
    for option in reversed(options):
        names = (option.of_command, *([f"-{option.short}"] if option.short else []))
        command = click.option(*names, option.variable, **_settings(option))(command)
    return command


def _settings(option: Option) -> dict[str, Any]:
    settings: dict[str, Any] = {"help": f"{option.help[0].upper()}{option.help[1:]}.", "multiple": option.repeatable}
    match option.kind:
        case Kind.FLAG:
            settings["is_flag"] = True
        case Kind.CHOICE:
            settings["type"] = click.Choice(option.choices)
        case Kind.SYSTEM:
            settings["type"] = click.Choice(list(SYSTEMS))
        case Kind.INTEGER:
            settings["type"] = click.IntRange(option.least)
        case Kind.PERCENT:
            settings |= {"type": click.FloatRange(0, 100), "metavar": option.metavar}
        case Kind.PATH:
            settings["type"] = PATH
        case Kind.DURATION | Kind.SHARD:
            settings |= {"callback": CALLBACKS[option.kind], "metavar": option.metavar}
        case Kind.TEXT:
            settings["metavar"] = option.metavar
    return settings


CALLBACKS: Final = {Kind.DURATION: _duration, Kind.SHARD: _shard}
