"""Registers of the user's own requirements, next to those of the suite (`--conformance-register`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from conformance.core.hints import hint
from conformance.core.systems import SYSTEMS
from conformance.spec import specification, yaml_file
from conformance.spec.lint import check
from conformance.spec.lint.rule import RULES, Subject
from conformance.spec.register import Entry, Register
from conformance.spec.specification import Requirement, Specification, SpecificationError, addresses_of
from conformance.target.system_table import keys, table_of

ID: Final = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")
ALLOWED_TRIED: Final = ("scenario", "none")
OF_THE_SUITE: Final = {
    "aspect": "an aspect is a step of the suite's own tests; leave the key out",
    "faults": "faults are those of the suite's reference servers; leave the key out",
}
"""The keys of an entry that only the suite uses, and what to do about them."""


class UnusableRegister(Exception):
    """A register cannot be used. One line per problem, with the file, the entry, the key, and what is allowed."""


def extended(paths: Iterable[Path], systems: Collection[str] = ()) -> dict[str, Specification]:
    """The specifications extended by the user's registers, by system. `systems` are searched first.

    Raises:
        UnusableRegister: a file cannot be read, does not follow `docs/spec-format.md`, or uses an existing id.
    """
    found: dict[str, Specification] = {}
    for path in paths:
        found |= _with_file(path, found, [*systems, *(system for system in SYSTEMS if system not in systems)])
    return found


def _with_file(path: Path, found: Mapping[str, Specification], systems: Iterable[str]) -> dict[str, Specification]:
    """The specifications that one file extends, with the additions of earlier files. Raises UnusableRegister."""
    try:
        content = yaml_file.bounded(path)
        register = specification.register_of(content, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except SpecificationError as error:
        raise UnusableRegister(str(error)) from None
    except OSError as error:
        raise UnusableRegister(f"{path}: cannot be read ({error.strerror})") from None
    known = {system: found.get(system) or specification.load(system) for system in systems}
    wrong = list(_misplaced_keys(register))
    by_system: dict[str, list[Entry]] = {}
    for entry in register.requirements:
        problems = list(_entry_problems(entry, known))
        wrong += problems
        if not problems:
            by_system.setdefault(_system_of(entry, known), []).append(entry)
    added: dict[str, Specification] = {}
    for system, entries in by_system.items():
        own: dict[str, Requirement] = {}
        for entry in entries:
            for requirement in specification.registered(
                system, entry, known[system].operations, path, known[system].users
            ):
                taken = next((spec for spec in known.values() if requirement.id in spec.requirements), None)
                if requirement.id in own:
                    wrong.append(f"{requirement.id}: the id is given to two entries; give each its own")
                elif taken is not None:
                    wrong.append(
                        f"{requirement.id}: is the id of a requirement of {taken.title} already; give yours another"
                    )
                own[requirement.id] = requirement
        added[system] = _joined(known[system], own, register, digest)
        wrong += _documents(known[system], register)
        wrong += _against_rules(path, system, replace(added[system], requirements=own))
    if wrong:
        raise UnusableRegister("\n".join(f"{path}: {problems}" for problems in dict.fromkeys(wrong)))
    return added


def _joined(known: Specification, mine: Mapping[str, Requirement], register: Register, digest: str) -> Specification:
    """A specification with more requirements. Its digest changes: runs with and without them are not the same."""
    return replace(
        known,
        requirements={**known.requirements, **mine},
        digest=hashlib.sha256(f"{known.digest}\0{digest}".encode()).hexdigest(),
        documents={**known.documents, **{name: document.sha256 for name, document in register.documents.items()}},
        lengths={**known.lengths, **{name: document.lines for name, document in register.documents.items()}},
        addresses={**known.addresses, **addresses_of(register.documents)},
    )


def _misplaced_keys(register: Register) -> Iterator[str]:
    if register.structural:
        yield "structural: names faults of the suite's reference servers; leave the key out"
    if register.users:
        yield "users: says by whom the suite tests access; leave the key out"


def _entry_problems(entry: Entry, known: Mapping[str, Specification]) -> Iterator[str]:
    """The problems of an entry that a user's test could not report on."""
    if not ID.fullmatch(entry.id):
        yield f"{entry.id}: id: write it in capitals, digits and hyphens, such as ACME-PROJECT-TITLE-KEPT"
    if entry.tried not in ALLOWED_TRIED:
        yield f"{entry.id}: tried: {entry.tried} is how the suite tests its own; write scenario, for a test of yours"
    for key, advice in OF_THE_SUITE.items():
        if getattr(entry, key):
            yield f"{entry.id}: {key}: {advice}"
    names = entry.each or ((entry.operation,) if entry.operation else ())
    if not names:
        yield f"{entry.id}: operation: is empty; name the operation that your requirement is about"
    operations = {name: system for system, spec in known.items() for name in spec.operations}
    for name in names:
        if name not in operations:
            yield f"{entry.id}: operation: there is no operation {name!r}; {_nearest(name, operations)}"
    if len({operations[name] for name in names if name in operations}) > 1:
        yield f"{entry.id}: each: names operations of several systems; write an entry for each system"


def _nearest(name: str, operations: Collection[str]) -> str:
    message = hint(name, operations)
    return message if message.startswith("did you mean") else "`conformance operations` lists them"


def _system_of(entry: Entry, known: Mapping[str, Specification]) -> str:
    name = entry.each[0] if entry.each else entry.operation
    return next(system for system, spec in known.items() if name in spec.operations)


def _documents(known: Specification, register: Register) -> Iterator[str]:
    for name, document in register.documents.items():
        digest = known.documents.get(name)
        if digest not in (None, document.sha256):
            yield f"documents: {name}: is a document already, with another sha256 ({digest}); give yours another name"


def _against_rules(path: Path, system: str, mine: Specification) -> Iterator[str]:
    """The problems that the rules of `conformance dev lint` find in a register."""
    subject = Subject(path, path, mine, {}, profiles=SYSTEMS[system].profiles, keys=keys(table_of(system)))
    for problem in check(subject, [rule for rule in RULES.values() if rule.of_register]):
        yield f"{problem.place}: {problem.message}"
