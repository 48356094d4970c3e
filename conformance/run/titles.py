"""Titles of deviations, such as "PUT /api/1.0/{workspace}/project/{uid}: the new prj_name is not returned …"."""

from __future__ import annotations

from typing import Final

from conformance.core.verdict import CHANGES_NOTHING, Kind, Verdict
from conformance.engine.checks import REFUSAL
from conformance.spec.requirement import SERVER_ERROR, Requirement
from conformance.spec.rules import field

FIELD: Final = "{field}"
"""The placeholder in a register for the deviating field."""
_STRUCTURAL: Final = {
    Kind.REFUSED: "rejects a documented request",
    Kind.SERVER_ERROR: SERVER_ERROR,
    Kind.NOT_JSON: "the response is not JSON",
}
"""Kinds that are more specific than their requirement, which can fail in several ways."""


def title(requirement: Requirement, verdict: Verdict) -> str:
    """The title: the request, and what is wrong. It contains no values of the run, so it is the same every night.

    Several fields that are not read back are one deviation, whose title names none of them.
    """
    if verdict.detail == CHANGES_NOTHING:
        return f"{requirement.request}: is accepted and changes nothing"
    where = "" if verdict.kind is Kind.READ_BACK else field(verdict.location)
    wrong = requirement.deviation or f"does not do what is documented: {requirement.statement.rstrip('.')}"
    if requirement.structural and verdict.kind in _STRUCTURAL and not requirement.place:
        wrong = _STRUCTURAL[verdict.kind]
    if verdict.kind is Kind.STATUS and verdict.expected == REFUSAL:  # it was not accepted either
        wrong = f"does not refuse with a 4xx status: {requirement.statement.rstrip('.')}"
    if FIELD in wrong:
        return f"{requirement.request}: {wrong.replace(FIELD, where or 'value')}"
    named = not where or bool(requirement.place)  # a rule of a place names it
    return f"{requirement.request}: {wrong if named else f'{wrong} ({where})'}"
