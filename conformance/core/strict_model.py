"""Strict model: the base class of models for hand-written files, which rejects unknown keys with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from conformance.core.hints import hint

Word = Annotated[str, Field(min_length=1)]
Flag = StrictBool


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def one_or_more(kind: Any) -> BeforeValidator:
    """Accept a single value instead of a list."""
    return BeforeValidator(_listed, json_schema_input_type=kind | list[kind])


Words = Annotated[tuple[Word, ...], one_or_more(Word)]
"""One word, or a list of them."""
Lines = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int), Field(min_length=1)]
"""Lines of a document: one number, or text such as `8, 226-228`."""


class Unknown(ValueError):
    """Data do not follow a format. `what` has a sentence for each problem: its place, and what is allowed."""

    def __init__(self, what: list[str]) -> None:
        super().__init__("\n".join(what))
        self.what = what


class Vocabulary(BaseModel):
    """A part of a format that people write by hand. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def read(cls, data: Any) -> Self:
        """Validate data. Raises Unknown, with each place by its keys from the top of the data."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=True)
            raise Unknown([message for item in found for message in _complaint(cls, dict(item))]) from None


def _complaint(model: type[BaseModel], error: dict[str, Any]) -> Iterator[str]:
    place = error["loc"]
    at = f"{'.'.join(map(str, place))}: " if place else ""
    match error["type"]:
        case "extra_forbidden":
            known = _words(_model_at(model, place[:-1]))
            yield f"{at}is an unknown key; {hint(str(place[-1]), known)}"
        case "missing":
            above = f"{'.'.join(map(str, place[:-1]))}: " if place[:-1] else ""
            yield f"{above}lacks {place[-1]}"
        case "literal_error" | "enum":
            yield f"{at}{error['input']!r} is not an allowed value; {hint(str(error['input']), _expected(error))}"
        case "bool_type":
            yield f"{at}is {error['input']!r}; write true or false."
        case "string_type":
            yield f"{at}is {error['input']!r}; write text."
        case "model_type" | "dict_type":
            yield f"{at}is {error['input']!r}; must be a mapping."
        case "string_too_short" | "too_short":
            yield f"{at}is empty; write a value, or remove the key."
        case "value_error":
            yield f"{at}{error['ctx']['error']}"
        case _:
            yield f"{at}{error['input']!r} is wrong: {error['msg'][0].lower()}{error['msg'][1:]}."


def _expected(error: dict[str, Any]) -> list[str]:
    return re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))


def _words(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model for a place below the data of a model; None if no model describes it."""
    kinds: list[Any] = [model]
    for part in place:
        inner: list[Any] = []
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                fields = kind.model_fields.items()
                inner += [field.annotation for name, field in fields if part in (name, field.alias)]
            elif get_origin(kind) in (dict, tuple, list):
                inner += get_args(kind)
        kinds = [alternative for kind in inner for alternative in _alternatives(kind)]
    return next((item for item in kinds if isinstance(item, type) and issubclass(item, BaseModel)), None)


def _alternatives(kind: Any) -> list[Any]:
    """The alternatives of an annotation: the members of a union, without Annotated."""
    if isinstance(kind, type) or get_origin(kind) in (dict, tuple, list):
        return [kind]
    if get_origin(kind) is Annotated:
        return _alternatives(get_args(kind)[0])
    return [alternative for part in get_args(kind) for alternative in _alternatives(part)]
