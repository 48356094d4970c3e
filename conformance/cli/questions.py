"""Ask for what a target file needs of a system, unless an option gives it."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, NoReturn

import click
from pydantic import BaseModel, SecretStr, ValidationError, create_model
from pydantic.fields import FieldInfo

from conformance.cli.docstrings import described
from conformance.cli.failure import InputRefused
from conformance.core.hints import hint
from conformance.core.systems import SYSTEMS
from conformance.target.system_table import SystemTable, table_of
from conformance.target.tables import VARIABLE, kinds_of, placeholder
from conformance.target.target import target_model

Data = dict[str, Any]
STAND_IN: Final = "x"
"""What counts as the value of a secret while a table is looked at."""


class Questions:
    """The questions for a user without a target file.

    `settings` are texts `KEY=VALUE`, `name` is the name of the target. `asked` returns the data of the file, with
    `${NAME}` for each secret, and the secrets that were typed, by environment variable.
    """

    def __init__(self, systems: Sequence[str], settings: Sequence[str], name: str) -> None:
        self._systems = list(dict.fromkeys(systems))
        self._settings = settings
        self._data: Data = {"name": name}
        self._typed: dict[str, str] = {}

    def asked(self) -> tuple[Data, dict[str, str]]:
        """Ask for everything. Raises InputRefused if a setting is wrong, or there is no terminal."""
        named = (value.partition(".")[0] for value in self._settings)
        self._systems = self._systems or [value for value in SYSTEMS if value in set(named)]
        if not self._systems:
            self._systems = [self._ask("system", "System to test", click.Choice(list(SYSTEMS)), _only(list(SYSTEMS)))]
        for system in self._systems:
            self._data[system] = {}
        for setting in self._settings:
            self._set(setting)
        for system in self._systems:
            self._complete(system)
        return self._data, self._typed

    def _set(self, setting: str) -> None:
        """Set a value in the data. Raises InputRefused."""
        key, equals, value = setting.partition("=")
        path = key.split(".")
        if not equals:
            raise InputRefused(f"--set {setting}: has no value; write --set {setting}=VALUE.")
        if path[0] not in target_model().model_fields:
            if len(self._systems) > 1:
                raise InputRefused(f"--set {key}: belongs to which system? Write --set {self._systems[0]}.{key}=….")
            path = [self._systems[0], *path]
        if path[0] in SYSTEMS and path[0] not in self._systems:
            raise InputRefused(f"--set {key}: {path[0]} is not among the systems; add --system {path[0]}.")
        field = _field(path, key)
        if SecretStr in kinds_of(field.annotation) and not VARIABLE.fullmatch(value):
            name = placeholder(tuple(path))
            raise InputRefused(f"--set {key}: is a secret; set the environment variable {name} instead.")
        table = self._data
        for text in path[:-1]:
            table = table.setdefault(text, {})
        table[path[-1]] = _value(field, value)

    def _complete(self, system: str) -> None:
        """Ask for the missing keys of a system's table, until it is valid."""
        model, table = table_of(system), self._data[system]
        texts = described(model)
        keys = model.asked or [key for key, field in model.model_fields.items() if field.is_required()]
        for key in keys:
            if key in table or (not _required(model, key) and _is_whole(model, table)):
                continue
            field = model.model_fields[key]
            message = texts.get(key, "").rstrip(".")
            if SecretStr in kinds_of(field.annotation):
                table[key] = self._secret(system, key, message)
            else:
                table[key] = self._ask(f"{system}.{key}", f"{key} ({message})", _Checked(field))
        self._data[system] = {key: table[key] for key in dict.fromkeys((*keys, *table)) if key in table}

    def _secret(self, system: str, key: str, message: str) -> str:
        """The placeholder of a secret, whose value comes from the environment or is typed."""
        name = placeholder((system, key))
        if not os.environ.get(name):
            asked = f"{key} ({message}; not written, the file names {name})"
            self._typed[name] = self._ask(name, asked, _Checked(table_of(system).model_fields[key]), hide=True)
        else:
            click.echo(f"{key}: from the environment variable {name}", err=True)
        return f"${{{name}}}"

    def _ask(self, what: str, text: str, kind: Any, default: str | None = None, *, hide: bool = False) -> Any:
        """Ask a question on standard error. Raises InputRefused without a terminal."""
        try:
            return click.prompt(text, type=kind, default=default, hide_input=hide and sys.stdin.isatty(), err=True)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            click.echo(err=True)
            self._nobody(what)

    def _nobody(self, what: str) -> NoReturn:
        if what in SYSTEMS or what == "system":
            raise InputRefused("the system is not given, and standard input has ended; add --system.") from None
        message = f"add --set {what}=…" if "." in what else f"set the environment variable {what}"
        raise InputRefused(f"{what} is not given, and standard input has ended; {message}.") from None


class _Checked(click.ParamType[Any]):
    """A value that the field of a table accepts."""

    name = "value"

    def __init__(self, field: FieldInfo) -> None:
        self._field = field

    @cached_property
    def _model(self) -> type[BaseModel]:
        return create_model("Asked", value=(Any if (kind := self._field.annotation) is None else kind, self._field))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value as the file has it. Raises click.BadParameter."""
        given = _value(self._field, str(value).strip())
        try:
            self._model.model_validate({"value": given})
        except ValidationError as error:
            message = error.errors()[0]["msg"].removeprefix("Value error, ")
            self.fail(message, param, ctx)
        return given


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _required(model: type[BaseModel], key: str) -> bool:
    return model.model_fields[key].is_required()


def _is_whole(model: type[SystemTable], table: Data) -> bool:
    """Whether the table is complete; values in the environment count."""
    filled = {key: VARIABLE.sub(STAND_IN, item) if isinstance(item, str) else item for key, item in table.items()}
    try:
        model.model_validate(filled)
    except ValidationError:
        return False
    return True


def _field(path: Sequence[str], key: str) -> FieldInfo:
    """The field of a path of keys. Raises InputRefused."""
    model: type[BaseModel] | None = target_model()
    field: FieldInfo | None = None
    for value in path:
        if model is None or value not in model.model_fields:
            raise InputRefused(
                f"--set {key}: unknown key {value!r}; {hint(value, model.model_fields if model else ())}"
            )
        field = model.model_fields[value]
        model = next((kind for kind in kinds_of(field.annotation) if issubclass(kind, BaseModel)), None)
    if field is None or model is not None:
        raise InputRefused(f"--set {key}: is a table; name a key of it, such as {key}.{next(iter(_names(model)))}=….")
    return field


def _names(model: type[BaseModel] | None) -> Sequence[str]:
    return list(model.model_fields) if model is not None else ["…"]


def _value(field: FieldInfo, text: str) -> Any:
    """A TOML value: a number or a boolean if the key has that type, otherwise text."""
    if str in kinds_of(field.annotation) or SecretStr in kinds_of(field.annotation):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
