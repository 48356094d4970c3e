"""One thing in which a request differs from a documented one. Reads the corpus of all cases. Pure.

A corpus belongs to the spec from which it was made. A run replays it and needs no generator.
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
"""The value of a case that leaves its place out."""
MADE_UP: Final = "$made-up"
"""A placeholder in a value for an identifier that the run makes up, in the form of a real one."""


class CaseKind(StrEnum):
    """The kind of a case."""

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
    """One case. `place` is empty for the whole part. Without a `value` (`LEFT_OUT`), the place is left out.

    The value of a whole body is the text of its bytes. `how` describes the difference.
    """

    kind: CaseKind
    part: Part
    place: str
    how: str
    value: Any = LEFT_OUT

    def stored(self) -> list[Any]:
        """The case as stored in a corpus."""
        return [self.kind, self.part, self.place, self.how, *([] if self.value is LEFT_OUT else [self.value])]

    @staticmethod
    def read(stored: Sequence[Any]) -> Case:
        """A case that was stored in a corpus. Raises ValueError if it is not one."""
        kind, part, place, how, *value = stored
        return Case(CaseKind(kind), Part(part), place, how, value[0] if value else LEFT_OUT)

    @property
    def valid(self) -> bool:
        """Whether the documents allow the request."""
        return self.kind is not CaseKind.INVALID

    @property
    def bytes(self) -> bytes:
        """The bytes of a whole body: those of its text, or of base64 if it is not text."""
        if isinstance(self.value, dict):
            return base64.b64decode(self.value["base64"])
        return str(self.value).encode()


@cache
def corpus(system: str) -> Mapping[str, tuple[Case, ...]]:
    """The cases of every operation of a system, the most important first."""
    path = SYSTEMS[system].cases
    if path is None:
        return {}
    held = json.loads(path.read_text(encoding="utf-8"))
    return {name: tuple(Case.read(case) for case in cases) for name, cases in held["operations"].items()}


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
    """The number of cases of each kind of an operation. Generated bodies of the properties count as combined."""
    found = Counter(case.kind for case in corpus(operation.system).get(operation.id, ()))
    if bodies.generated(operation):
        found[CaseKind.COMBINED] += len(list(bodies.cases(operation, 0, bodies.PACKAGED_CASES)))
    return {kind: found[kind] for kind in CaseKind}


def digest(system: str) -> str:
    """The key of a corpus: a checksum of the requests in the spec."""
    requests = {
        operation.id: [
            operation.effect,
            [
                {name: value for name, value in parameter.items() if name != "description"}
                for parameter in operation.parameters
            ],
            [[body.media_type, guided(body.schema), dict(body.examples)] for body in operation.bodies],
        ]
        for operation in load(system).operations.values()
    }
    return hashlib.sha256(json.dumps(requests, sort_keys=True, default=str).encode()).hexdigest()
