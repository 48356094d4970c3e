"""What a refusal is about: a limit of the account, a name that is taken, or neither."""

from __future__ import annotations

import json

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import Outcome, Reason
from conformance.engine.recorder import NotExercised, Recorder
from conformance.spec.specification import load
from conformance.wire import gateways

PM3 = load("processmaker3")
CREATE = PM3.operations["createProject"]


def refusal(text: str, status: int = 400, kind: str = "application/json") -> Exchange:
    body = json.dumps({"error": {"code": status, "message": text}}) if kind.endswith("json") else text
    response = Response(status, (("Content-Type", kind),), body.encode())
    return Exchange("1", "createProject", Request("POST", "http://localhost/"), response)


LIMITS = (
    "The account is locked after three failed logins.",
    "User locked out: try again in 15 minutes.",
    "Too many failed login attempts.",
    "This account has been suspended.",
    "Your user was disabled after 5 failed attempts.",
    "Login is temporarily blocked.",
    "Quota exceeded for this workspace.",
    "You have used up your quota of processes.",
    "The monthly limit of your tenant is reached.",
    "You reached the maximum number of processes.",
    "Storage limit: upgrade to go on.",
    "Your license has expired.",
    "No valid licence was found.",
    "This function requires an Enterprise license.",
    "The licence does not permit another process.",
    "The trial of this instance ended.",
)
OTHERS = (
    "The field prj_name is required.",
    "The name is longer than the maximum of 100 characters.",
    "The user is not active.",
    "The user is disabled.",
    "Request Entity Too Large: Uploaded file (offer.pdf) is too big.",
    "You are not allowed to call this endpoint.",
    "The number of diagrams exceeds the limit.",
    "`lic_name` is invalid.",
    "The project is locked by another process.",
)


@pytest.mark.parametrize("text", LIMITS)
@pytest.mark.parametrize(
    ("status", "kind"), [(400, "application/json"), (403, "text/plain"), (500, "application/json")]
)
def test_account_limit_is_recognised_by_its_message(text: str, status: int, kind: str) -> None:
    assert gateways.is_about_limits(CREATE, refusal(text, status, kind))
    assert not gateways.is_about_limits(CREATE, refusal(text, 200, kind))


@pytest.mark.parametrize("text", OTHERS)
def test_refusal_of_an_operation_is_not_an_account_limit(text: str) -> None:
    assert not gateways.is_about_limits(CREATE, refusal(text))
    assert not gateways.says_name_taken(refusal(text))


TAKEN = (
    "A project of that name already exists.",
    "This title is already in use.",
    "The name is taken.",
    "Duplicate entry 'Approval' for key 'name'.",
    "The code must be unique.",
)


@pytest.mark.parametrize("text", TAKEN)
def test_taken_name_is_not_the_tested_refusal(text: str) -> None:
    recorder, control = Recorder(PM3), refusal("", 201)
    assert gateways.says_name_taken(refusal(text))
    with pytest.raises(NotExercised) as reason:
        recorder.refused("PM3-PROJECT-CREATE-NAMELESS", refusal(text), control)
    assert reason.value.reason is Reason.INCONCLUSIVE
    assert recorder.verdicts == []
    assert recorder.refused("PM3-PROJECT-CREATE-NAMELESS", refusal("prj_name is missing."), control)


def test_taken_name_is_the_refusal_if_that_is_tested() -> None:
    recorder = Recorder(PM3)
    assert recorder.refused("PM3-DEPARTMENT-UNIQUE-TITLE", refusal(TAKEN[0]), refusal("", 201), taken=True)
    assert [verdict.outcome for verdict in recorder.verdicts] == [Outcome.CONFORMS]
