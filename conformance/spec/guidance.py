"""Constraints for generated bodies beyond the documentation (`generate` in `docs/spec-format.md`).

A schema contains what the documents state. What only keeps generated values plain, short and consistent is applied to a
copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from conformance.spec.extension import EXTENSION, extension
from conformance.spec.layout import METHODS
from conformance.spec.rules import Schema

UNUSED: Final = (EXTENSION, "description")


def guided(schema: Schema) -> dict[str, Any]:
    """A plain copy of a request schema for the generator: with its guidance, and closed to undocumented members.

    An object with described members accepts no others, unless it has `additionalProperties`. Descriptions are removed:
    no generated value, and no key of a corpus, depends on them.
    """
    said = extension(schema).generate
    guidance = said.keywords if said is not None else {}
    copy = {name: value for name, value in schema.items() if name not in UNUSED} | guidance
    if "required" in guidance:
        copy["required"] = sorted(always_sent(schema), key=list(schema.get("properties", ())).index)
    if "properties" in copy:
        copy["properties"] = {name: guided(member) for name, member in copy["properties"].items()}
        copy.setdefault("additionalProperties", False)
    if "items" in copy:
        copy["items"] = guided(copy["items"])
    if "anyOf" in copy:
        copy["anyOf"] = [guided(item) for item in copy["anyOf"]]
    return copy


def always_sent(schema: Schema) -> set[str]:
    """The members of an object that every request of the suite has: the required ones, and those of its guidance."""
    said = extension(schema).generate
    return {*schema.get("required", ()), *((said.required or ()) if said is not None else ())}


def guided_document(source: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of an inlined spec in which the schemas of all request bodies are guided."""
    document: dict[str, Any] = deepcopy(dict(source))
    for item in document["paths"].values():
        for method in METHODS:
            for content in item.get(method, {}).get("requestBody", {}).get("content", {}).values():
                if "schema" in content:
                    content["schema"] = guided(content["schema"])
    return document
