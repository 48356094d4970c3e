"""Rule: a lint rule, and the subject that it checks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance.spec.specification import Operation, Requirement, Specification


@dataclass(frozen=True, slots=True)
class Problem:
    """One place that breaks a rule: the file, the operation or entry (empty for the whole file), and what is wrong."""

    file: Path
    place: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {f'{self.place}: ' if self.place else ''}{self.code} {self.message}"


@dataclass(frozen=True)
class Subject:
    """A spec and a register, and what they are compared with. Parts that are None are unknown, and skip their rules.

    `document` is the spec before inlining. `elsewhere` has the operation ids of other systems. `profiles`, `keys` and
    `faults` are those of the system: what a target can claim, the keys of its table in the target file, and the faults
    of its reference. `readings` are the codes with an explanation.
    """

    spec_file: Path
    register_file: Path
    spec: Specification
    document: Mapping[str, Any]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    profiles: Collection[str] | None = None
    keys: Collection[str] | None = None
    faults: Collection[str] | None = None
    readings: Collection[str] | None = None

    @property
    def operations(self) -> Collection[Operation]:
        """The operations of the spec."""
        return self.spec.operations.values()

    @property
    def entries(self) -> list[Requirement]:
        """The requirements of the register."""
        return [requirement for requirement in self.spec.requirements.values() if not requirement.structural]


Found = Iterator[tuple[str, str]]
"""What breaks a rule: the operation or the entry, and what is wrong and right."""
Check = Callable[[Subject], Found]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its code; `of_register` says whose file breaks it, `asks` are the parts of the subject that it
    needs.
    """

    code: str
    check: Check
    of_register: bool
    asks: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What is right, in one line."""
        return (self.check.__doc__ or "").splitlines()[0]


RULES: Final[dict[str, Rule]] = {}


def rule(code: str, *asks: str) -> Callable[[Check], Check]:
    """Register a function as the rule with a code: `S…` for a spec, `R…` for a register."""

    def add(check: Check) -> Check:
        RULES[code] = Rule(code, check, code.startswith("R"), asks)
        return check

    return add
