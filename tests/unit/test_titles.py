"""A title says what is wrong: a request that failed was neither refused nor accepted."""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.engine.checks import refused
from conformance.run.titles import title
from conformance.spec.specification import load

WRONG_TOKEN = "PM4-START-WRONG-TOKEN"


def exchange(status: int) -> Exchange:
    request = Request("POST", "https://pm.example/api/1.0/process_events/7", ())
    return Exchange(f"e{status}", "startRequest", request, Response(status))


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        (201, "accepts a token that the server never issued"),
        (500, "does not refuse with a 4xx status: A token that the server never issued is refused"),
    ],
)
def test_only_an_accepted_request_is_called_accepted(status: int, wrong: str) -> None:
    requirement = load("processmaker4").requirements[WRONG_TOKEN]
    verdict = refused(WRONG_TOKEN, "startRequest", exchange(status), exchange(201))
    assert title(requirement, verdict) == f"{requirement.request}: {wrong}"
