"""Reference page: writes `docs/reference.md` from the models of the target file, the commands and the exit codes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import click
from pydantic import (
    BaseModel,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
)

from conformance.cli import main
from conformance.cli.docstrings import described, texts_of
from conformance.core import exit_codes
from conformance.target.system_table import Url
from conformance.target.tables import (
    Count,
    HeaderSecret,
    Rate,
    Seconds,
    Secret,
    Settling,
    Some,
    Text,
)
from conformance.target.target import Duration, target_model

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference.md"
HEAD: Final = """\
# Reference

This page lists every key of the target file, every command with its options, and every exit code. It is generated from
the code by `python -m conformance.cli.documentation`; do not edit it. Examples and explanations are in
[target-file.md](target-file.md) and [commands.md](commands.md).
"""
_KEYS: Final = """\
## Keys of the target file

A key without a default is required if its table is present. `${NAME}` in a value is replaced from the environment.
Instead of a key `x` with a secret, `x_file` can name a file that contains it.
"""
_KINDS: Final[tuple[tuple[object, str], ...]] = (
    (Secret, "secret"),
    (HeaderSecret, "secret"),
    (SecretStr, "secret"),
    (Url, "URL"),
    (PositiveInt, "integer from 1"),
    (Seconds, "seconds from 0.001 to 86400"),
    (Settling, "seconds from 0 to 86400"),
    (Rate, "number from 0.001"),
    (Count, "integer from 0"),
    (Some, "integer from 1"),
    (NonNegativeInt, "integer from 0"),
    (PositiveFloat, "number above 0"),
    (NonNegativeFloat, "number from 0"),
    (Duration, 'duration such as "20m"'),
    (Text, "text"),
    (str, "text"),
    (bool, "true or false"),
    (Path, "path"),
    (Any, "anything"),
)


def page() -> str:
    """The text of the page."""
    return "\n".join([HEAD, _KEYS, *_tables(), *_commands(), *_codes()])


def tables(model: type[BaseModel] | None = None, at: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every table of a target file: its name as the file writes it, empty at the top, with its model."""
    model = model or target_model()
    yield at, model
    for key, annotation in _annotations(model).items():
        for inner in _models(annotation):
            name = f"{at.strip('[]')}.{key}".lstrip(".")
            yield from tables(inner, f"[[{name}]]" if get_origin(annotation) is tuple else f"[{name}]")


def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    hints = get_type_hints(model, include_extras=True)
    return {key: hints[key] for key in model.model_fields}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _tables() -> Iterator[str]:
    """A section for each model, under the names of all tables that it describes."""
    names: dict[type[BaseModel], list[str]] = {}
    for name, model in tables():
        names.setdefault(model, []).append(name)
    for model, shared in names.items():
        yield f"### {', '.join(shared) or 'At the top'}\n"
        yield f"{' '.join((model.__doc__ or '').split())}\n"
        yield "| key | type | default | description |"
        yield "|---|---|---|---|"
        texts = described(model)
        for key, annotation in _annotations(model).items():
            field = model.model_fields[key]
            default = "" if field.is_required() else _default(field.default)
            yield f"| `{key}` | {_kind(annotation)} | {default} | {cell(texts.get(key, ''))} |"
        yield ""


def _kind(annotation: Any) -> str:
    """A type in words."""
    for known, words in _KINDS:
        if annotation == known:
            return words
    arguments = [item for item in get_args(annotation) if item not in (type(None), Ellipsis)]
    match get_origin(annotation):
        case origin if origin in (Union, UnionType):
            return " or ".join(_kind(argument) for argument in arguments)
        case origin if origin is tuple:
            return "list of tables" if _models(annotation) else f"list of {_kind(arguments[0])}s"
        case origin if origin is dict:
            return "table" if arguments[1] is Any else f"table of {_kind(arguments[1])}s"
        case origin if origin is Literal:
            return ", ".join(f"`{argument}`" for argument in arguments)
        case origin if origin is Annotated:
            return "URL" if set(get_args(Url)) <= set(arguments) else _kind(arguments[0])
    if issubclass(annotation, Enum):
        return ", ".join(f"`{item.value}`" for item in annotation)
    return "table"


def _default(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Enum):
        return f"`{value.value}`"
    return "none" if value in (None, "", (), {}) or isinstance(value, BaseModel) else f"`{value:g}`"


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield "`conformance --version` prints the version; every command has `--help`.\n"
    context = click.Context(main, info_name="conformance")
    for name, inside in commands(main, context):
        yield f"### {name}\n"
        yield f"`{' '.join([inside.command_path, *inside.command.collect_usage_pieces(inside)])}`\n"
        yield f"{inspect.cleandoc(inside.command.help or '')}\n"
        if inside.command.epilog:
            yield f"{inside.command.epilog}\n"
        options = [param for param in inside.command.params if isinstance(param, click.Option)]
        if options:
            yield "| option | value | description |"
            yield "|---|---|---|"
            yield from (_option(option, inside) for option in options)
            yield ""


def commands(group: click.Group, context: click.Context, above: str = "") -> Iterator[tuple[str, click.Context]]:
    """Every command of a group with its name, those of the groups in it too: `dev lint`."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inside = click.Context(command, info_name=name, parent=context)
        yield f"{above}{name}", inside
        if isinstance(command, click.Group):
            yield from commands(command, inside, f"{above}{name} ")


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    if option.is_flag:
        value = ""
    elif isinstance(option.type, click.Choice):
        value = ", ".join(f"`{choice}`" for choice in option.type.choices)
    elif isinstance(option.type, click.IntRange):
        value = "whole number"
    else:
        value = f"`{option.make_metavar(context)}`"
    return f"| {names} | {cell(value)} | {cell(option.help or '')} |"


def _codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "The first that applies:\n"
    yield "| code | name | means |"
    yield "|---|---|---|"
    for name, text in texts_of(exit_codes).items():
        yield f"| {getattr(exit_codes, name)} | `{name}` | {cell(text)} |"
    yield ""


def cell(text: str) -> str:
    """Text that cannot end a table cell, or be parsed as a tag."""
    return text.replace("|", r"\|").replace("<", "&lt;")
