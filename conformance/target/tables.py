"""Prepare TOML data for pydantic models, with `${NAME}`, secrets in files, and helpful errors."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from conformance.core.hints import hint, nearest
from conformance.core.systems import SYSTEMS

DAY: Final = 86_400
LONGEST_SECRET: Final = 100_000
LONGEST_SHOWN: Final = 80
MANY: Final = 1_000_000_000
Place = tuple[str, ...]
"""The keys that lead to a value, from the top."""

VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
UNREPLACED: Final = re.compile(r"\$([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)|%([A-Z][A-Z0-9_]*)%")
"""A whole value that other tools, but not the suite, replace from the environment."""
SHORT: Final = {"access_token": "TOKEN", "api_key": "KEY", "users": ""}


class TargetError(Exception):
    """A target that cannot be used. Each line names the file, the key, what is wrong and what to do; no secret."""


def _sendable(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x20-\x7e]*", secret.get_secret_value()):
        raise ValueError("has a character that an HTTP header cannot contain; use printable ASCII")
    return secret


def header_names(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    """Validate the names of headers. Raises ValueError."""
    for name in headers:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ValueError(f"has {name!r}, which is not the name of an HTTP header; use letters, digits and hyphens")
    return headers


def _between(least: float, most: float) -> tuple[AfterValidator, Any]:
    """A limited number, here and in an editor: larger ones would overflow, or never end."""

    def checked(value: float) -> float:
        if not least <= value <= most:
            raise ValueError(f"is {value:g}; must be a number from {least:g} to {most:.10g}")
        return value

    return AfterValidator(checked), Field(json_schema_extra={"minimum": least, "maximum": most})


def _one_segment(text: str) -> str:
    """What is a segment of the paths of requests as it is written. Raises ValueError where it would change the path."""
    if re.search(r"[/\\?#%;\x00-\x1f\x7f]", text) or text in (".", "..") or text != text.strip():
        raise ValueError("cannot be a part of a path; write it without / \\ ? # % ; and without blanks around it")
    return text


def _bare(token: SecretStr) -> SecretStr:
    """A token without what a header has before it. Raises ValueError."""
    if re.match(r"(?i)bearer\s", token.get_secret_value()):
        raise ValueError('begins with "Bearer", which the suite adds itself; remove it')
    return token


Text = Annotated[str, Field(min_length=1)]
Segment = Annotated[Text, AfterValidator(_one_segment)]
Seconds = Annotated[float, *_between(0.001, DAY)]
Settling = Annotated[float, *_between(0, DAY)]
Rate = Annotated[float, *_between(0.001, MANY)]
Count = Annotated[int, *_between(0, MANY)]
Some = Annotated[int, *_between(1, MANY)]
Secret = Annotated[SecretStr, Field(min_length=1)]
HeaderSecret = Annotated[Secret, AfterValidator(_sendable)]
Token = Annotated[HeaderSecret, AfterValidator(_bare)]


class Table(BaseModel):
    """A table of the target file."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)
    other_names: ClassVar[Mapping[str, str]] = {}
    """What other tools call a key of the table, and what it is called here."""
    directories: ClassVar[frozenset[str]] = frozenset()
    """The keys that name directories; other paths name files."""


class Reader:
    """Walks the data along the models before validation: unknown keys, `${NAME}`, `x_file`, secrets."""

    def __init__(self, source: str, base: Path, env: Mapping[str, str]) -> None:
        self.source, self.base, self.env = source, base, env
        self.secrets: dict[Place, tuple[str, str]] = {}
        self.model: type[BaseModel] | None = None  # that of the whole file
        self._variables: dict[Place, str] = {}
        self._hidden: set[Place] = set()  # the places whose values may be secrets, and are not shown

    def error(self, place: Place, what: str) -> TargetError:
        """An error about the value at `place`; `what` says what is wrong and what to do."""
        return TargetError(f"{self.source}: {f'{_dotted(place)}: ' if place else ''}{what}")

    def table(self, model: type[BaseModel], data: Any, at: Place) -> dict[str, Any]:
        """The data of one table, ready for its model."""
        self.model = self.model or model
        if not isinstance(data, Mapping):
            raise self.error(at, f"is not a table; write it as [{_dotted(at)}] with its keys below.")
        kinds = {key: kinds_of(field.annotation) for key, field in model.model_fields.items()}
        secret = {key for key, found in kinds.items() if SecretStr in found}
        files = {f"{key}_file": key for key in secret if dict not in kinds[key]}
        done: dict[str, Any] = {}
        for key, value in data.items():
            place = (*at, key)
            if key in kinds:
                inner = next((kind for kind in kinds[key] if issubclass(kind, BaseModel)), None)
                if isinstance(value, bool) and kinds[key] & {int, float} and bool not in kinds[key]:
                    raise self.error(place, f"is {str(value).lower()}; write a number.")
                if inner is None:
                    done[key] = self.value(value, place, secret=key in secret, free=Any in kinds[key])
                elif tuple in kinds[key]:
                    done[key] = self.tables(inner, value, place)
                else:
                    done[key] = self.table(inner, value, place)
            elif key in files and files[key] in data:
                raise self.error(place, f"conflicts with {files[key]}; remove one of them.")
            elif key in files:
                done[files[key]] = self.file(value, place, (*at, files[key]))
            elif issubclass(model, Table) and key in model.other_names:
                raise self.error(place, f"is an unknown key; here it is called {model.other_names[key]}.")
            else:
                plain = [
                    text for text, found in kinds.items() if not any(issubclass(kind, BaseModel) for kind in found)
                ]
                fitting = [*kinds, *files] if isinstance(value, Mapping | list) else [*plain, *files]
                known = fitting if nearest(key, fitting) else [*kinds, *files]
                belongs = [] if nearest(key, known) else list(places_of(key, self.model, at))
                message = f"write it {' or '.join(belongs)}." if belongs else hint(key, known)
                raise self.error(place, f"is an unknown key; {message}")
        for key in done.keys() & {key for key, found in kinds.items() if Path in found}:
            directory = issubclass(model, Table) and key in model.directories
            done[key] = self.existing(done[key], (*at, key), directory=directory)
        return done

    def tables(self, model: type[BaseModel], data: Any, at: Place) -> list[dict[str, Any]]:
        """The data of a list of tables, ready for their model."""
        if not isinstance(data, list):
            raise self.error(at, f"is not a list of tables; write each as [[{_dotted(at)}]] with its keys below.")
        return [self.table(model, item, (*at, str(number))) for number, item in enumerate(data)]

    def value(self, value: Any, place: Place, *, secret: bool, free: bool) -> Any:
        """A value with `${NAME}` replaced. In `free` data, which end in requests, what is replaced is a secret."""
        if secret:
            self._hidden.add(place)
        if isinstance(value, Mapping):
            return {key: self.value(item, (*place, key), secret=secret, free=free) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*place, str(i)), secret=secret, free=free) for i, item in enumerate(value)]
        if isinstance(value, str):
            self._require_replaced(value, place, secret=secret)
            text = VARIABLE.sub(lambda match: self.env[match[1]], value)
            if text != value:
                self._hidden.add(place)
                self._variables[place] = ", ".join(VARIABLE.findall(value))
            if secret and text[-1:] in ("\n", "\r"):
                raise self.error(place, "ends with a line break; remove it.")
            if secret or (free and text != value):
                whole = VARIABLE.fullmatch(value)
                self.secrets[place] = (whole[1] if whole else placeholder(place), text)
            return text
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(place, "is not a finite number; write a finite one.")
        if not isinstance(value, int | float | bool | None):
            raise self.error(place, "is a TOML date or time, which JSON does not have; write it in quotes.")
        return value

    def _require_replaced(self, value: str, place: Place, *, secret: bool) -> None:
        """Raise TargetError where a value is meant to be replaced from the environment, but is not."""
        other = UNREPLACED.fullmatch(value) if secret else None
        if value[:1] == "$" and value[1:] in self.env:
            raise self.error(place, f"names an environment variable without braces; write ${{{value[1:]}}}.")
        if other:
            name, key = other[1] or other[2], place[-1]
            message = f"looks like an environment variable that is not replaced; write ${{{name}}}"
            otherwise = f"or, if this is the value itself, put it into a file and name that as {key}_file"
            raise self.error(place, f"{message}, {otherwise}.")

    def unset(self, data: Any, at: Place = ()) -> Iterator[str]:
        """An error line for each environment variable that is named and not set."""
        if isinstance(data, Mapping | list):
            for key, item in data.items() if isinstance(data, Mapping) else enumerate(data):
                yield from self.unset(item, (*at, str(key)))
        elif isinstance(data, str):
            for name in VARIABLE.findall(data):
                if name not in self.env:
                    yield str(self.error(at, f"needs the environment variable {name}, which is not set; set it."))

    def file(self, value: Any, place: Place, target: Place) -> str:
        """The stripped content of a file with a secret."""
        path = self.existing(self.value(value, place, secret=False, free=False), place)
        try:
            with path.open("rb") as file:
                held = file.read(LONGEST_SECRET + 1)
            text = held.decode("utf-8-sig").strip()
        except OSError as error:
            raise self.error(place, f"the file cannot be read ({error.strerror}); allow reading it.") from None
        except UnicodeDecodeError:
            raise self.error(place, "the file is not UTF-8; write the secret into it as text.") from None
        if len(held) > LONGEST_SECRET:
            raise self.error(place, f"the file is longer than {LONGEST_SECRET:,} bytes; name one that holds a secret.")
        if not text:
            raise self.error(place, "the file is empty; write the secret into it.")
        self.secrets[target] = (placeholder(target), text)
        return text

    def existing(self, value: Any, place: Place, *, directory: bool = False) -> Path:
        """The path of an existing file. An error does not repeat it: it may be a misplaced secret."""
        path = self.base / value if isinstance(value, str) and value else None
        try:
            found = path is not None and (path.is_dir() if directory else path.is_file())
        except (OSError, ValueError):
            found = False
        if path is None or not found:
            what = "directory" if directory else "file"
            raise self.error(place, f"no such {what}; write its path relative to the target file.")
        return path

    def complaint(self, error: dict[str, Any]) -> str:
        """Convert an error of pydantic to a line of ours, without values that may be secrets."""
        place = tuple(str(part) for part in error["loc"])
        if error["type"] == "missing":
            return str(self.error(place, f"is missing; add {place[-1]} = … {_under(place[:-1])}."))
        shown = self._shown(place, error["input"])
        if error["type"] == "value_error":
            message = str(error["ctx"]["error"])
            names_it = shown in message or re.match(r"is ['\d-]", message)
            message = message if names_it else f"{shown} {message}"
            return str(self.error(place, message if message.endswith((".", "?")) else f"{message}."))
        if needed := needs(error["type"], error.get("ctx", {})):
            return str(self.error(place, f"is {shown}; must be {needed}." if shown else f"must be {needed}."))
        if error["type"] in ("too_short", "string_too_short"):
            variable = self._variables.get(place, "")
            message = f"the environment variable {variable} is empty; set it" if variable else "is empty; write a value"
            return str(self.error(place, f"{message}, or remove the key if it is optional."))
        if error["type"] in ("tuple_type", "list_type"):
            return str(self.error(place, "is not a list; write it in brackets."))
        message = error["msg"][0].lower() + error["msg"][1:]
        return str(self.error(place, f"is wrong: {message}; fix it."))

    def _shown(self, place: Place, value: Any) -> str:
        """A value as a message repeats it; empty where it may be a secret, or is long."""
        secret = place in self._hidden or place in self.secrets or "@" in str(value)
        fits = isinstance(value, str | int | float | bool) and value != "" and len(str(value)) <= LONGEST_SHOWN
        return repr(value) if fits and not secret else ""

    def named(self) -> dict[Place, tuple[str, str]]:
        """The secrets with unique names: a name that is used by another value gets a number."""
        taken: dict[str, str] = {}
        done: dict[Place, tuple[str, str]] = {}
        for place, (name, value) in self.secrets.items():
            number, free = 1, name
            while taken.setdefault(free, value) != value:
                number += 1
                free = f"{name}_{number}"
            done[place] = (free, value)
        return done


def needs(kind: str, context: Mapping[str, Any]) -> str:
    """What a value must be that pydantic refuses with an error of this kind; empty for a kind that is rare."""
    if kind == "enum":
        return str(context["expected"])
    if kind == "greater_than":
        return f"greater than {context['gt']}"
    known = {
        "int": "a whole number",
        "float": "a number",
        "string": "text in quotes",
        "bool": "true or false",
        "dict": "a table",
    }
    return known.get(kind.partition("_")[0], "") if kind.endswith(("_type", "_parsing", "_from_float")) else ""


def places_of(key: str, model: type[BaseModel] | None, at: Place) -> Iterator[str]:
    """The headers of other tables that have a key: those nearest to the table `at` first, else all of the file."""
    found = [place for place in _tables_with(key, model, ()) if place != at]
    near = [place for place in found if at and place[: len(at)] == at] or [place for place in found if len(place) < 2]
    yield from (f"under [{_dotted(place)}]" if place else "above all tables" for place in near[:3])


def _tables_with(key: str, model: type[BaseModel] | None, at: Place) -> Iterator[Place]:
    for name, info in model.model_fields.items() if model else ():
        if name == key:
            yield at
        kinds = kinds_of(info.annotation)
        inner = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if inner is not None and tuple not in kinds:
            yield from _tables_with(key, inner, (*at, name))


def _dotted(place: Place) -> str:
    return ".".join(place)


def _under(place: Place) -> str:
    if place and place[-1].isdigit():
        return f"under [[{_dotted(place[:-1])}]], number {int(place[-1]) + 1}"
    return f"under [{_dotted(place)}]" if place else "at the top"


def placeholder(place: Place) -> str:
    """The name of the secret at a place of the target file, if no environment variable names it."""
    first, *rest = place
    system = SYSTEMS.get(first)
    parts = (system.placeholder if system else SHORT.get(first, first), *(SHORT.get(part, part) for part in rest))
    return re.sub(r"\W+", "_", "_".join(part for part in parts if part)).upper()


def kinds_of(annotation: Any) -> set[type]:
    """The classes that an annotation consists of, including Any."""
    found = {kind for part in get_args(annotation) for kind in kinds_of(part)}
    kind = get_origin(annotation) or annotation
    return found | {kind} if isinstance(kind, type) else found
