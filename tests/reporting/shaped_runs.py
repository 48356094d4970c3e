"""Runs to compare: what they decided of three requirements, and the shapes of the responses that they saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.core.verdict import Outcome
from conformance.report.run_record import FieldShape, RunRecord, Shape

from . import sample
from .sample import verdict

if TYPE_CHECKING:
    from conformance.report.run_record import DeviationRecord


TRIED = ["PM3-PRJ-001", "PM3-PRJ-002", "PM3-PRJ-003"]


def run(*deviations: DeviationRecord, **changes: Any) -> RunRecord:
    deviating = {record.requirement for record in deviations}
    verdicts = [verdict(value, Outcome.DEVIATES if value in deviating else Outcome.CONFORMS) for value in TRIED]
    return sample.record(**{"deviations": list(deviations), "findings": [], "verdicts": verdicts, **changes})


def shaped(**changes: Any) -> RunRecord:
    """A run that saw one operation answer 200 and 404."""
    values: dict[str, Any] = {
        "fields": {"": ["object"], "/a": ["string"], "/n": ["integer"], "/l": ["array"], "/l[]": ["object"]},
        "error": {"": ["object"], "/error": ["string"]},
        "statuses": ("200", "404"),
        "headers": ["content-type", "x-total"],
        "type": "application/json",
        **changes,
    }
    content = {"content_types": [values["type"]], "headers": values["headers"]}
    bodies = {status: values["fields"] if status[0] == "2" else values["error"] for status in values["statuses"]}
    shapes = {status: Shape(fields=fields(body), **content) for status, body in bodies.items()}
    return run(shapes={"getProject": shapes})


def fields(body: dict[str, Any]) -> dict[str, FieldShape]:
    return {place: item if isinstance(item, FieldShape) else FieldShape(types=item) for place, item in body.items()}


def having(**more: Any) -> RunRecord:
    """The run of `shaped` with other fields; None takes one away."""
    base = {"": ["object"], "/a": ["string"], "/n": ["integer"], "/l": ["array"], "/l[]": ["object"]}
    body = base | {f"/{name.replace('_', '/')}": item for name, item in more.items()}
    return shaped(fields={place: item for place, item in body.items() if item is not None})
