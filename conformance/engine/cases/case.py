"""Case: one thing in which a request differs from a documented one. The corpus of all cases is read here. Pure.

A corpus belongs to the spec from which it was made; a run replays it and needs no generator.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

from conformance.core.systems import SYSTEMS
from conformance.engine import corpus as bodies
from conformance.spec.guidance import guided
from conformance.spec.specification import Operation, load

LEFT_OUT: Final = "left out"
"""What a case without a value does with its place."""
MADE_UP: Final = "$made-up"
"""Stands in a value for an identifier that the run makes up, in the form of a real one."""


class CaseKind(StrEnum):
    """What kind of case it is."""

    DOCUMENTED = "documented"
    BOUNDARY = "boundary"
    COMBINED = "combined"
    INVALID = "invalid"
    UNTOUCHED = "untouched"


class Part(StrEnum):
    """The part of a request in which a case differs."""

    WHOLE = "request"
    PATH = "path"
    QUERY = "query"
    HEADERS = "headers"
    BODY = "body"
    FORM = "form"
    MULTIPART = "multipart"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `place` is empty for the whole part; without a `value` (`LEFT_OUT`) the place is left out.

    The value of a whole body is the text of its bytes; `how` says in words what is special.
    """

    kind: CaseKind
    part: Part
    place: str
    how: str
    value: Any = LEFT_OUT

    def stored(self) -> list[Any]:
        """The case as a corpus holds it."""
        return [self.kind, self.part, self.place, self.how, *([] if self.value is LEFT_OUT else [self.value])]

    @staticmethod
    def read(stored: Sequence[Any]) -> Case:
        """The case that a corpus holds. Raises ValueError when it is none."""
        kind, part, place, how, *value = stored
        return Case(CaseKind(kind), Part(part), place, how, value[0] if value else LEFT_OUT)

    @property
    def valid(self) -> bool:
        """Whether no document speaks against it."""
        return self.kind is not CaseKind.INVALID

    @property
    def bytes(self) -> bytes:
        """The bytes of a whole body: those of its text, or of base64 where it is no text."""
        if isinstance(self.value, dict):
            return base64.b64decode(self.value["base64"])
        return str(self.value).encode()


@cache
def corpus(system: str) -> Mapping[str, tuple[Case, ...]]:
    """The cases of every operation of a system; those of an operation begin with what matters most."""
    path = SYSTEMS[system].cases
    if path is None:
        return {}
    held = json.loads(path.read_text(encoding="utf-8"))
    return {name: tuple(Case.read(one) for one in cases) for name, cases in held["operations"].items()}


def chosen(operation: Operation, count: int) -> tuple[Case, ...]:
    """The first `count` cases of each sort of an operation: each kind and part, in one place or as a whole."""
    taken: Counter[tuple[CaseKind, Part, bool]] = Counter()
    found = []
    for case in corpus(operation.system).get(operation.id, ()):
        key = (case.kind, case.part, bool(case.place))
        taken[key] += 1
        if taken[key] <= count * (1 if case.place else 2):
            found.append(case)
    return tuple(found)


def counted(operation: Operation) -> dict[CaseKind, int]:
    """How many cases of each kind an operation has; generated bodies that the properties replay are combined ones."""
    found = Counter(case.kind for case in corpus(operation.system).get(operation.id, ()))
    if bodies.generated(operation):
        found[CaseKind.COMBINED] += len(bodies.cases(operation, 0, bodies.KEPT))
    return {kind: found[kind] for kind in CaseKind}


def digest(system: str) -> str:
    """The key of a corpus: what the spec says of the requests in it."""
    told = {
        one.id: [
            one.effect,
            list(one.parameters),
            [[body.media_type, guided(body.schema), dict(body.examples)] for body in one.bodies],
        ]
        for one in load(system).operations.values()
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
