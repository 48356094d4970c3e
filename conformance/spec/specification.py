"""Read specs and registers into frozen values.

The specs are OpenAPI 3.1 with one extension, `x-conformance`; `docs/spec-format.md` describes both.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from conformance.core.hints import hint
from conformance.core.strict_model import Unknown
from conformance.core.systems import SYSTEMS
from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Reason,
)
from conformance.spec import harm, layout
from conformance.spec.extension import EXTENSION, DocumentExtension, MemberNames
from conformance.spec.openapi import SpecificationError, inline, operations
from conformance.spec.operation import (
    Body,
    Link,
    Operation,
    ResourceReference,
    ResponseSpec,
)
from conformance.spec.producers import needed
from conformance.spec.register import HAS_PERMISSIONS, Document, Entry, Register, user_of
from conformance.spec.requirement import Requirement, structural, unchanged
from conformance.spec.rules import Citation
from conformance.spec.yaml_file import data

__all__ = [
    "SYSTEMS",
    "Body",
    "Link",
    "Operation",
    "Requirement",
    "ResourceReference",
    "ResponseSpec",
    "Specification",
    "SpecificationError",
    "data",
    "fields",
    "load",
    "read",
    "register_of",
    "registered",
]

SPEC: Final = "openapi.yaml"
REGISTER: Final = "requirements.yaml"
FIELDS: Final = "fields.csv"


@dataclass(frozen=True)
class Specification:
    """The spec and register of one system. `documents` maps documents to digests, `lengths` to their number of
    lines.
    """

    system: str
    title: str
    operations: Mapping[str, Operation]
    requirements: Mapping[str, Requirement]
    digest: str
    documents: Mapping[str, str]
    lengths: Mapping[str, int]
    source: Mapping[str, Any]
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The users of the target file that test access, each with its permissions."""
    members: MemberNames = field(default_factory=MemberNames)
    """What the names of members in bodies mean."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Where the documents were published, for those that were."""

    @cached_property
    def forms(self) -> tuple[Operation, ...]:
        """Every operation in the form that the target needs, and in its documented form if that differs."""
        known = self.operations.values()
        return (*known, *(operation.documented for operation in known if operation.documented is not None))

    @cached_property
    def forms_by_method(self) -> Mapping[str, tuple[Operation, ...]]:
        """The same by method."""
        methods = dict.fromkeys(form.method for form in self.forms)
        return {method: tuple(form for form in self.forms if form.method == method) for method in methods}

    @cached_property
    def _patterns(self) -> Mapping[tuple[str, int], Sequence[tuple[Operation, re.Pattern[str]]]]:
        """Each operation with each pattern of its paths, by method and number of slashes: a value contains none."""
        found: dict[tuple[str, int], list[tuple[Operation, re.Pattern[str]]]] = {}
        for form in self.forms:
            paths = (form.path, *(other.path for other in form.alternatives))
            for path, pattern in zip(paths, (form.pattern, *form.other_patterns), strict=True):
                found.setdefault((form.method, path.count("/")), []).append((form, pattern))
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that reports use: ids of operations and requirements with their fields and paths, documents and
        sections, profiles, kinds of resources, and the names of outcomes.
        """
        named = [*self.requirements, *self.operations, *Level, *Outcome, *Reason, *Kind]
        for operation in self.operations.values():
            named += [operation.path, operation.document, operation.section, operation.profile, operation.resource]
        for requirement in self.requirements.values():
            named += [requirement.document, requirement.section, requirement.profile]
        return frozenset(word for name in set(named) for word in re.findall(r"[\w-]+", name))

    def match(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation that matches a method and a decoded path, with its path values.

        A literal path takes precedence over one with parameters (`/project/bulk` is not a project); of two with the
        same template, one whose parameters have the form of the values.
        """
        fitting = [
            (operation, found.groupdict())
            for operation, pattern in self._patterns.get((method, path.count("/")), ())
            if (found := pattern.fullmatch(path))
        ]
        return min(fitting, key=lambda pair: (len(pair[1]), not pair[0].fits(pair[1])), default=None)

    @property
    def starts(self) -> bool:
        """Whether an operation of the system starts something that no operation can remove."""
        return any(operation.starts for operation in self.operations.values())

    def aspect(self, operation: str, aspect: str) -> Requirement | None:
        """The register's requirement for a step of an engine at an operation, or None if the documents are silent."""
        return self._aspects.get((operation, aspect))

    @cached_property
    def _aspects(self) -> Mapping[tuple[str, str | None], Requirement]:
        """The first requirement of each operation and aspect."""
        last_first = reversed(list(self.requirements.values()))
        return {(requirement.operation, requirement.aspect): requirement for requirement in last_first}


@cache
def load(system: str) -> Specification:
    """Read spec and register of a system.

    Raises:
        SpecificationError: they do not follow `docs/spec-format.md`.
    """
    known = SYSTEMS[system]
    return read(system, known.title, known.specs / SPEC, known.specs / REGISTER)


def read(system: str, title: str, spec: Path, register: Path) -> Specification:
    """Read a spec and a register from their files.

    Raises:
        SpecificationError: a file cannot be read, or does not follow `docs/spec-format.md`. One line per problem, with
            the file, the operation or the entry, the key, what is wrong and what is allowed.
    """
    text, held = _bytes(spec), _bytes(register)
    document = data(text, spec)
    if wrong := [f"{spec}: {place}: {message}" for place, message in layout.problems(document)]:
        raise SpecificationError("\n".join(wrong))
    try:
        source = inline(document)
        found = {operation.id: operation for operation in operations(system, source)}
    except SpecificationError as error:
        raise SpecificationError(f"{spec}: {error}") from None
    requirements: dict[str, Requirement] = {}
    lines = _lines_by_field(spec.with_name(FIELDS))
    has_cases = system in SYSTEMS and SYSTEMS[system].cases is not None
    for operation in found.values():
        needs = needed(found, operation) if operation.needs is None else operation.needs
        derived = unchanged(found, operation) if has_cases else None
        for requirement in (*structural(operation), *([derived] if derived is not None else [])):
            cited = lines.get(
                (operation.id, requirement.sent, requirement.place, requirement.document), requirement.lines
            )
            needs_of_it = () if requirement.untestable else needs
            requirements[requirement.id] = replace(requirement, lines=cited, needs=needs_of_it)
    entries = register_of(data(held, register), register)
    for name, faults in entries.structural.items():
        if name not in requirements:
            raise SpecificationError(f"{register}: structural: no requirement {name!r}; {hint(name, requirements)}")
        requirements[name] = replace(requirements[name], faults=faults)
    for entry in entries.requirements:
        for requirement in registered(system, entry, found, register, entries.users):
            if requirement.id in requirements:
                raise SpecificationError(f"{register}: {requirement.id} is there twice")
            requirements[requirement.id] = requirement
    digest = hashlib.sha256(text + b"\0" + held).hexdigest()
    members = DocumentExtension.read(document.get(EXTENSION, {})).members
    documents = {name: item.sha256 for name, item in entries.documents.items()}
    lengths = {name: item.lines for name, item in entries.documents.items()}
    return Specification(
        system,
        title,
        found,
        requirements,
        digest,
        documents,
        lengths,
        source,
        entries.users,
        members,
        addresses_of(entries.documents),
    )


def addresses_of(documents: Mapping[str, Document]) -> dict[str, str]:
    """Where documents were published, by name."""
    return {name: document.url for name, document in documents.items() if document.url is not None}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecificationError(f"{path}: cannot be read ({error.strerror})") from None


def fields(system: str) -> list[dict[str, str]]:
    """The rows of the inventory of a system's documented fields."""
    return _rows(SYSTEMS[system].specs / FIELDS)


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of an inventory; none without a file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _lines_by_field(path: Path) -> dict[tuple[str, bool, str, str], str]:
    """The lines that document a field: by operation, whether it is sent, its place, and the document.

    A schema cites the table of its fields; the inventory has the lines of each. Without an inventory there are none.
    """
    return {
        (row["operation"], row["direction"] == "request", row["place"], row["document"]): row["lines"]
        for row in _rows(path)
    }


def register_of(held: Mapping[str, Any], path: Path) -> Register:
    """The register. Errors name an entry by its id. Raises SpecificationError."""
    entries = held.get("requirements")
    listed = entries if isinstance(entries, list) else []
    names = [str(item.get("id", "")) if isinstance(item, dict) else "" for item in listed]
    try:
        return Register.read(held)
    except Unknown as error:
        lines = [f"{path}: {_by_id(message, names)}" for message in error.what]
        raise SpecificationError("\n".join(lines)) from None


def _by_id(message: str, names: Sequence[str]) -> str:
    """A message about an entry with its id instead of its number."""
    found = re.match(r"requirements\.(\d+)(\.|: )", message)
    if found is None:
        return message
    name = names[int(found[1])] or f"entry {int(found[1]) + 1}, without id"
    return f"{name}: {message[found.end() :]}"


def registered(
    system: str,
    entry: Entry,
    operations: Mapping[str, Operation],
    path: Path,
    users: Mapping[str, tuple[str, ...]],
) -> Iterator[Requirement]:
    """The requirement of an entry, or of each of its operations. Raises SpecificationError."""
    has_permissions = HAS_PERMISSIONS.get(entry.aspect or "") if entry.tried == "access" else None
    if has_permissions is not None and not user_of(entry.aspect, users):
        message = "a permission" if has_permissions else "no permission"
        raise SpecificationError(f"{path}: {entry.id}: {entry.aspect} needs a user with {message}; add one to `users`")
    for name in entry.each or (entry.operation,):
        operation = operations.get(name or "")
        if operation is None and (name or entry.tried != "none"):
            raise SpecificationError(f"{path}: {entry.id}: no operation {name!r}; {hint(str(name), operations)}")
        cited = operation.citation if operation else Citation()
        yield Requirement(
            id=f"{entry.id}-{re.sub('(?=[A-Z])', '-', name or '').upper()}" if entry.each else entry.id,
            system=system,
            profile=entry.profile or (operation.profile if operation else ""),
            operation=name or "",
            level=entry.level,
            document=entry.document or cited.document,
            section=entry.section or cited.section,
            lines=entry.lines or cited.lines,
            statement=" ".join(entry.statement.split()),
            reading=", ".join(entry.reading) if entry.reading else None,
            tried=entry.tried,
            aspect=entry.aspect,
            since=entry.since,
            faults=entry.faults,
            needs=_needs(entry, operation, operations, users),
            untestable=entry.untestable,
            disposable=entry.disposable,
            request=operation.request if operation else "",
            deviation=" ".join((entry.deviation or "").split()),
            harm=harm.of_entry(entry.harm, entry.aspect),
        )


def _needs(
    entry: Entry,
    operation: Operation | None,
    operations: Mapping[str, Operation],
    users: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """The declared needs of an entry; otherwise those of a call of its operation, and the user of its aspect."""
    if entry.needs is not None or entry.tried == "none" or operation is None:
        return entry.needs or ()
    user = user_of(entry.aspect, users)
    return (*needed(operations, operation), *([f"users.{user}"] if user else []))
