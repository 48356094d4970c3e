"""Make and parse requirement ids.

A structural id consists of an operation, a part of it, a place there, and a rule:

    getProject:exists
    getProject.200:status
    getProject.200./diagrams[]/flows[]/flo_x2:present
    createProject.request./prj_name:accepted

Ids of the register, such as `PM3-PROJECT-CREATE-NAME`, contain none of these separators.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

REQUEST: Final = "request"
"""The part of an operation that is what is sent to it; the others are the statuses of its responses."""
EXISTS: Final = "exists"
NO_SERVER_ERROR: Final = "no-server-error"
GENERATED_ACCEPTED: Final = "generated-accepted"
REFUSED_UNCHANGED: Final = "refused-unchanged"
ACCEPTED: Final = "accepted"
REQUIRED: Final = "required"
_FORM: Final = re.compile(
    r"(?P<operation>[^.:]+)(?:\.(?P<part>[^.:]+)(?:\.(?P<place>.*))?)?:(?P<rule>[^:]+)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class StructuralId:
    """A structural id in its components. `part` is empty for the operation as a whole, `place` for the whole body."""

    operation: str
    rule: str
    part: str = ""
    place: str = ""

    @classmethod
    def parse(cls, identifier: str) -> Self | None:
        """Parse an id; None if it belongs to the register."""
        found = _FORM.fullmatch(identifier)
        if found is None:
            return None
        return cls(found["operation"], found["rule"], found["part"] or "", found["place"] or "")

    @property
    def status(self) -> str:
        """The status of the response that it is about; empty if it is about none."""
        return self.part if self.part[:1].isdigit() else ""


def exists(operation: str) -> str:
    """The operation exists."""
    return f"{operation}:{EXISTS}"


def no_server_error(operation: str) -> str:
    """No request to the operation causes a server error."""
    return f"{operation}:{NO_SERVER_ERROR}"


def generated_accepted(operation: str) -> str:
    """The operation accepts generated bodies."""
    return f"{operation}:{GENERATED_ACCEPTED}"


def documented_form(operation: str) -> str:
    """An operation with another reading accepts the documented form."""
    return f"{operation}:documented-form"


def refused_unchanged(operation: str) -> str:
    """A refused request to the operation changes nothing."""
    return f"{operation}:{REFUSED_UNCHANGED}"


def verbatim(operation: str) -> str:
    """The operation returns the exact text that was sent."""
    return f"{operation}:verbatim"


def status(operation: str, status: str) -> str:
    """A documented call gets this status."""
    return f"{operation}.{status}:status"


def content_type(operation: str, status: str) -> str:
    """A response has a documented media type."""
    return f"{operation}.{status}:content-type"


def unwrapped(operation: str, status: str) -> str:
    """A response is the object itself, not an array around it."""
    return f"{operation}.{status}:unwrapped"


def at_place(operation: str, status: str, place: str, rule: str) -> str:
    """A place in the body of a response follows a rule."""
    return f"{operation}.{status}.{place}:{rule}"


def accepted(operation: str, place: str) -> str:
    """The documented values at a place of a request are accepted."""
    return f"{operation}.{REQUEST}.{place}:{ACCEPTED}"


def required(operation: str, place: str) -> str:
    """A request without a place is refused."""
    return f"{operation}.{REQUEST}.{place}:{REQUIRED}"
