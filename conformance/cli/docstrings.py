"""Read the descriptions of model fields from the source on demand."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from types import ModuleType
from typing import Any

from pydantic import BaseModel


def texts_of(module: ModuleType | type[Any]) -> dict[str, str]:
    """The names that a module or a class assigns, each with the docstring below it, on one line."""
    source = ast.parse(inspect.getsource(module))
    body = source.body[0].body if isinstance(source.body[0], ast.ClassDef) else source.body
    return {
        stmt.target.id: " ".join(below.value.value.split())
        for stmt, below in pairwise(body)
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def described(model: type[BaseModel]) -> dict[str, str]:
    """The descriptions of all fields of a model, including inherited ones."""
    # A model that is made at run time has no source; its fields have descriptions.
    written = [item for item in reversed(model.__mro__) if issubclass(item, BaseModel) and item is not BaseModel]
    written = [kind for kind in written if _has_source(kind)]
    said = {key: field.description for key, field in model.model_fields.items() if field.description}
    return said | {key: text for kind in written for key, text in texts_of(kind).items() if key in model.model_fields}


def _has_source(model: type[BaseModel]) -> bool:
    try:
        return bool(inspect.getsource(model))
    except OSError:
        return False
