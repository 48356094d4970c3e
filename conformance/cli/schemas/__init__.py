"""The JSON Schemas of the project's formats, for editors and scripts.

`python -m conformance.cli.schemas` regenerates them after a change of a model; they are packaged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr
from pydantic.json_schema import models_json_schema

from conformance.cli.docstrings import described
from conformance.core.systems import SYSTEMS
from conformance.report.run_record import BaselineEntry, Frozen, RunRecord
from conformance.report.statement.statement import Statement
from conformance.report.upgrade.comparison import Comparison
from conformance.spec.extension import EXTENSION
from conformance.spec.layout import MODELS, PARTS, Shape
from conformance.spec.register import Register
from conformance.target.tables import kinds_of
from conformance.target.target import target_model

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
REFERENCE: Final = "#/$defs/{model}"
VARIABLE: Final = {"type": "string", "pattern": r"\$\{[^}]+\}"}
"""A value from the environment, which may replace any other."""
Made = dict[str, Any]


def path(name: str) -> Path:
    """The path of the packaged schema of a format."""
    return Path(__file__).parent / f"{name}.schema.json"


def published(name: str) -> Made:
    """The packaged schema of a format."""
    found: Made = json.loads(path(name).read_text(encoding="utf-8"))
    return found


def written(model: type[Frozen]) -> Made:
    """The schema of a format that the suite writes. It accepts unknown members, since formats may be extended."""
    made = _of(model, "serialization")
    for item in (made, *made["$defs"].values()):
        item.pop("additionalProperties", None)
    return made


def register() -> Made:
    """The schema of `requirements.yaml`."""
    return _of(Register, "validation")


def baseline() -> Made:
    """The schema of a baseline."""
    made = _of(BaselineEntry, "validation")
    entry = {key: value for key, value in made.items() if key != "$schema"}
    return {
        "$schema": DIALECT,
        "title": "Baseline",
        "description": "The known deviations of a target.",
        "type": "object",
        "properties": {"deviation": {"type": "array", "items": entry}},
        "additionalProperties": False,
    }


def target_file() -> Made:
    """The schema of a target file: its tables, `x_file` next to each secret, and `${NAME}` instead of any value."""
    model = target_model()
    made = _of(model, "validation")
    models = {kind.__name__: kind for kind in _models(model)}
    for name, table in ((model.__name__, made), *made["$defs"].items()):
        if name in models:
            _secrets_in_files(models[name], table)
            table["properties"] = {key: _replaceable(item) for key, item in table["properties"].items()}
    made["anyOf"] = [{"required": [system]} for system in SYSTEMS]
    return made


def spec() -> Made:
    """The schema of `x-conformance` in an OpenAPI document; the rest is only checked for its places."""
    _, models = models_json_schema([(model, "validation") for model in MODELS.values()], ref_template=REFERENCE)
    _describe(models["$defs"], {item.__name__: item for model in MODELS.values() for item in _models(model)})
    definitions: Made = dict(models["$defs"])
    for kind, members in PARTS.items():
        said = {"$ref": REFERENCE.format(model=MODELS[kind].__name__)} if kind in MODELS else False
        definitions[kind] = {
            "type": "object",
            "properties": {**{name: _member(*pair) for name, pair in members.items()}, EXTENSION: said},
        }
    definitions["schema"]["type"] = ["object", "boolean"]
    definitions["operation"]["required"] = ["operationId", EXTENSION]
    definitions["namesake"] = {**definitions["operation"], "required": ["operationId", EXTENSION, "path"]}
    definitions["OperationExtension"]["properties"]["namesake"] |= {"anyOf": [{"$ref": "#/$defs/namesake"}]}
    return {
        "$schema": DIALECT,
        "title": "Spec",
        "description": f"An OpenAPI 3.1 document with {EXTENSION}.",
        "$ref": "#/$defs/document",
        "$defs": definitions,
    }


SCHEMAS: Final[Mapping[str, Callable[[], Made]]] = {
    "spec": spec,
    "register": register,
    "target-file": target_file,
    "baseline": baseline,
    "run-record": lambda: written(RunRecord),
    "comparison": lambda: written(Comparison),
    "statement": lambda: written(Statement),
}
"""How the schema of each format is made."""


def text(name: str) -> str:
    """The text of the packaged schema of a format."""
    return json.dumps(SCHEMAS[name](), indent=2) + "\n"


def _of(model: type[BaseModel], mode: Any) -> Made:
    made = model.model_json_schema(by_alias=True, mode=mode, ref_template=REFERENCE)
    models = {kind.__name__: kind for kind in _models(model)}
    _describe({model.__name__: made, **made.get("$defs", {})}, models)
    return {"$schema": DIALECT, **made}


def _describe(definitions: Made, models: Mapping[str, type[BaseModel]]) -> None:
    """Add the docstring below each field to its property."""
    for name, item in definitions.items():
        if name not in models:
            continue
        fields = models[name].model_fields
        for field, message in described(models[name]).items():
            item["properties"][fields[field].alias or field]["description"] = message


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model in an annotation, and those of its fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    else:
        for part in get_args(annotation):
            yield from _models(part)


def _member(shape: Shape, kind: str) -> Made:
    reference = {"$ref": REFERENCE.format(model=kind.replace(" ", "%20"))}
    match shape:
        case Shape.ONE:
            return reference
        case Shape.LIST:
            return {"type": "array", "items": reference}
        case Shape.MAP:
            return {"type": "object", "additionalProperties": reference}


def _secrets_in_files(model: type[BaseModel], table: Made) -> None:
    """Allow a file for each secret of a table."""
    for key, field in model.model_fields.items():
        kinds = kinds_of(field.annotation)
        if SecretStr not in kinds or dict in kinds:
            continue
        table["properties"][f"{key}_file"] = {
            "type": "string",
            "description": f"A file that holds {key}, instead of it.",
        }
        if key in table.get("required", ()):
            table["required"].remove(key)
            table.setdefault("allOf", []).append({"anyOf": [{"required": [key]}, {"required": [f"{key}_file"]}]})


def _replaceable(schema: Made) -> Made:
    """The schema of a value that `${NAME}` may replace; defaults of models are omitted."""
    kept = {key: value for key, value in schema.items() if key != "default" or not isinstance(value, dict)}
    own = [item for item in kept.pop("anyOf", [{}]) if item.get("type") != "null"]
    if any("$ref" in item or item.get("type") in ("array", "object") for item in (kept, *own)):
        return {**kept, **(own[0] if len(own) == 1 else {"anyOf": own})}
    about: Made = {key: kept.pop(key) for key in ("title", "description", "default") if key in kept}
    return {**about, "anyOf": [*({**kept, **item} for item in own), VARIABLE]}
