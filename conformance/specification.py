"""Specs and register, read into frozen values.

The specs are OpenAPI 3.1 with one extension, `x-conformance`; `docs/spec-format.md` describes both.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from conformance.openapi import SpecificationError, inline, operations
from conformance.operation import Answer, Body, Link, Operation, Touch
from conformance.requirement import USERS, Requirement, structural
from conformance.supply import needed
from conformance.verdict import Level, Reason

__all__ = [
    "SYSTEMS",
    "TITLES",
    "Answer",
    "Body",
    "Link",
    "Operation",
    "Requirement",
    "Specification",
    "SpecificationError",
    "Touch",
    "fields",
    "load",
    "root",
]

SYSTEMS: Final = ("processmaker3", "processmaker4", "procesio")
TITLES: Final = {"processmaker3": "ProcessMaker 3", "processmaker4": "ProcessMaker 4", "procesio": "PROCESIO"}


@dataclass(frozen=True)
class Specification:
    """All that is known of one system."""

    system: str
    title: str
    operations: Mapping[str, Operation]
    requirements: Mapping[str, Requirement]
    digest: str
    documents: Mapping[str, str]
    source: Mapping[str, Any]

    @cached_property
    def forms(self) -> tuple[Operation, ...]:
        """Every operation as the target must be called, and as it is documented where these differ."""
        known = self.operations.values()
        return (*known, *(one.documented for one in known if one.documented is not None))

    @cached_property
    def words(self) -> frozenset[str]:
        """What reports name things by: ids of operations and requirements, and the fields and paths within them."""
        named = (*self.requirements, *self.operations, *(operation.path for operation in self.operations.values()))
        return frozenset(word for name in named for word in re.findall(r"[\w-]+", name))

    def match(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation that a method and a decoded path call, with its path values.

        A literal path goes before one with parameters (`/project/bulk` is not a project), and of two with the same
        template one whose parameters have the form of the values.
        """
        fitting = [
            (operation, found.groupdict())
            for operation in self.forms
            for pattern in (operation.pattern, *operation.other_patterns)
            if operation.method == method and (found := pattern.fullmatch(path))
        ]
        return min(fitting, key=lambda pair: (len(pair[1]), not pair[0].fits(pair[1])), default=None)

    @property
    def starts(self) -> bool:
        """Whether an operation of the system starts something that no operation can remove."""
        return any(operation.starts for operation in self.operations.values())

    def aspect(self, operation: str, aspect: str) -> Requirement | None:
        """The register's requirement for a step of the engine at an operation, or None: the document is silent."""
        return next(
            (
                requirement
                for requirement in self.requirements.values()
                if requirement.operation == operation and requirement.aspect == aspect
            ),
            None,
        )


def root() -> Path:
    """The directory of the specs: inside the installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent / "_specs"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "specs"


@cache
def load(system: str) -> Specification:
    """Read spec and register of a system.

    Raises:
        SpecificationError: they do not follow `docs/spec-format.md`.
    """
    directory = root() / system
    text = (directory / "openapi.yaml").read_bytes()
    register = (directory / "requirements.yaml").read_bytes()
    source = inline(yaml.load(text, Loader=_Loader))  # noqa: S506 - a safe loader
    found = {operation.id: operation for operation in operations(system, source)}
    requirements: dict[str, Requirement] = {}
    for operation in found.values():
        needs = needed(found, operation) if operation.needs is None else operation.needs
        for requirement in structural(operation):
            requirements[requirement.id] = replace(requirement, needs=() if requirement.untestable else needs)
    entries = yaml.load(register, Loader=_Loader)  # noqa: S506 - a safe loader
    for name, faults in entries.get("structural", {}).items():
        if name not in requirements:
            raise SpecificationError(f"{system}/requirements.yaml: no structural requirement {name}")
        requirements[name] = replace(requirements[name], faults=tuple(faults))
    for entry in _each(entries["requirements"], found):
        requirement = _registered(system, entry, found)
        if requirement.id in requirements:
            raise SpecificationError(f"{system}/requirements.yaml: {requirement.id} stands there twice")
        requirements[requirement.id] = requirement
    digest = hashlib.sha256(text + b"\0" + register).hexdigest()
    return Specification(system, TITLES[system], found, requirements, digest, _documents(system, entries), source)


def fields(system: str) -> list[dict[str, str]]:
    """The rows of the inventory of a system's documented fields."""
    with (root() / system / "fields.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without dates: a version or a date in a spec stays the text that it is."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _documents(system: str, entries: Mapping[str, Any]) -> Mapping[str, str]:
    """The digest of each document, by its name."""
    documents: dict[str, str] = entries.get("documents", {})
    for name, digest in documents.items():
        if not re.fullmatch("[0-9a-f]{64}", str(digest)):
            raise SpecificationError(f"{system}/requirements.yaml: documents: {name}: {digest!r} is no SHA-256")
    return documents


def _each(entries: Iterable[Mapping[str, Any]], operations: Mapping[str, Operation]) -> Iterator[Mapping[str, Any]]:
    """The entries; one that is the same for `each` of several operations as one of each, cited where that one is."""
    for entry in entries:
        if "each" not in entry:
            yield entry
            continue
        common = {key: value for key, value in entry.items() if key != "each"}
        for name in entry["each"]:
            if name not in operations:
                raise SpecificationError(f"{entry.get('id', 'an entry without id')}: no operation {name!r}")
            cited = operations[name].citation
            place = {"document": cited.document, "section": cited.section, "lines": cited.lines}
            own = f"{entry['id']}-{re.sub('(?=[A-Z])', '-', name).upper()}"
            yield {**place, **common, "id": own, "operation": name}


def _registered(system: str, entry: Mapping[str, Any], operations: Mapping[str, Operation]) -> Requirement:
    name = entry.get("id", "an entry without id")
    missing = {
        "id",
        "level",
        "operation",
        "document",
        "section",
        "lines",
        "statement",
        "tried",
    } - entry.keys()
    if missing:
        raise SpecificationError(f"{system}/requirements.yaml: {name} lacks {', '.join(sorted(missing))}")
    operation = operations.get(entry["operation"])
    if operation is None and entry["tried"] != "none":
        raise SpecificationError(f"{system}/requirements.yaml: {name}: no operation {entry['operation']!r}")
    profile = entry.get("profile") or (operation.profile if operation else "")
    reading = entry.get("reading")
    return Requirement(
        id=entry["id"],
        system=system,
        profile=profile,
        operation=entry["operation"] or "",
        level=Level(entry["level"]),
        document=entry["document"],
        section=entry["section"],
        lines=str(entry["lines"]),
        statement=" ".join(entry["statement"].split()),
        reading=", ".join(reading) if isinstance(reading, list) else reading,
        tried=entry["tried"],
        aspect=entry.get("aspect"),
        since=entry.get("since"),
        faults=tuple(entry.get("faults", ())),
        needs=_needs(entry, operations),
        untestable=Reason(entry["untestable"]) if "untestable" in entry else None,
        disposable=entry.get("disposable", False),
    )


def _needs(entry: Mapping[str, Any], operations: Mapping[str, Operation]) -> tuple[str, ...]:
    """What an entry says that it needs; else what a call of its operation does, and the user of its aspect."""
    if "needs" in entry or entry["tried"] == "none":
        return tuple(entry.get("needs", ()))
    user = USERS.get(entry.get("aspect", ""))
    return (*needed(operations, operations[entry["operation"]]), *([f"users.{user}"] if user else []))
