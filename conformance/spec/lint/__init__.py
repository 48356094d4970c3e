"""The rules for specs and registers (`docs/spec-format.md`).

A rule is a function from a subject to its problems; its docstring says what is right. Problems that keep a file from
being read have codes too: S001 (and R001 for a register) for the format, S002 for OpenAPI.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.core.systems import SYSTEMS
from conformance.spec import specification
from conformance.spec.lint import description_rules, register_rules, spec_rules  # noqa: F401 - register the rules
from conformance.spec.lint.rule import (
    RULES,
    Problem,
    Rule,
    Subject,
)
from conformance.spec.openapi import inline
from conformance.spec.yaml_file import bounded

OPENAPI: Final = "S002"
READABLE: Final = {"spec": "S001", "register": "R001"}


def lint(system: str, spec_file: Path, register_file: Path, **against: Any) -> list[Problem]:
    """All problems of a spec and a register; `against` is what they are compared with (`Subject`).

    If a file cannot be read, only that is reported.
    """
    try:
        document = bounded(spec_file)
        bounded(register_file)
        try:
            inline(document)
        except specification.SpecificationError as error:
            raise specification.SpecificationError(f"{spec_file}: {error}") from None
        if wrong := [Problem(spec_file, place, OPENAPI, message) for place, message in openapi(document)]:
            return wrong
        title = SYSTEMS[system].title if system in SYSTEMS else system
        spec = specification.read(system, title, spec_file, register_file)
    except specification.SpecificationError as error:
        return [_unreadable(line, spec_file, register_file) for line in str(error).splitlines()]
    return check(Subject(spec_file, register_file, spec, document, **against))


def check(subject: Subject, rules: Iterable[Rule] | None = None) -> list[Problem]:
    """All problems of a subject, by rule. Rules whose data are missing are skipped.

    Without `rules`, all rules are checked.
    """
    return [
        Problem(subject.register_file if rule.of_register else subject.spec_file, place, rule.code, message)
        for rule in (RULES.values() if rules is None else rules)
        if not any(getattr(subject, name) is None for name in rule.asks)
        for place, message in rule.check(subject)
    ]


def left_out(against: Mapping[str, Any]) -> list[Rule]:
    """The rules that are skipped because their data are missing."""
    return [rule for rule in RULES.values() if any(against.get(name) is None for name in rule.asks)]


def openapi(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What in a document is not OpenAPI 3.1: the place, and what is wrong."""
    from openapi_spec_validator import OpenAPIV31SpecValidator  # a register needs none of it
    from openapi_spec_validator.validation.exceptions import DuplicateOperationIDError, UnresolvableParameterError

    if odd := list(_odd_keys(document)):
        yield from odd
        return
    if not str(document.get("openapi", "")).startswith("3.1."):
        yield "openapi", f"is {document.get('openapi')!r}; write the spec in OpenAPI 3.1, openapi: 3.1.0"
        return
    for error in OpenAPIV31SpecValidator(dict(document)).iter_errors():
        if isinstance(error, UnresolvableParameterError | DuplicateOperationIDError):
            continue  # S101 and S104 say it in words of the format
        yield " ".join(str(part) for part in error.absolute_path), error.message.splitlines()[0]


def _odd_keys(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, member in node.items():
            if not isinstance(key, str):
                yield place, f"the key {key!r} is not text; write it in quotes"
            yield from _odd_keys(member, f"{place} {key}".strip())
    elif isinstance(node, list):
        for number, member in enumerate(node):
            yield from _odd_keys(member, f"{place} {number}".strip())


def _unreadable(line: str, spec_file: Path, register_file: Path) -> Problem:
    """Convert a line of a SpecificationError to a problem."""
    of_register = line.startswith(f"{register_file}: ")
    file = register_file if of_register else spec_file
    message = line.removeprefix(f"{file}: ")
    place, found, what = message.partition(": ")
    code = READABLE["register" if of_register else "spec"]
    return Problem(file, place, code, what) if found else Problem(file, "", code, message)
