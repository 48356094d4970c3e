"""A refused request counts as carried out only if reads go on to show what was sent, or that the resource is gone."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import Reason
from conformance.engine.carried_out import Watch, watched
from conformance.engine.recorder import NotExercised
from conformance.spec import specification

SPEC = specification.load("processmaker3")
PROCESS = {"pro_uid": "p", "pro_title": "as created", "pro_status": "INACTIVE"}


def answer(status: int, body: Any) -> Response:
    return Response(status, (("Content-Type", "application/json"),), json.dumps(body).encode())


def exchange(operation: str, response: Response) -> Exchange:
    return Exchange("e", operation, Request("GET", "http://t/"), response)


class Reads:
    """A session whose reads return one response after the other, and which looks three times."""

    problem = ""
    specification = SPEC

    def __init__(self, *responses: Response | NotExercised) -> None:
        self.responses = iter(responses)
        self.ledger = SimpleNamespace(owns=lambda _: True)

    def send(self, operation: str, **_: Any) -> Any:
        response = next(self.responses)
        if isinstance(response, NotExercised):
            raise response
        return exchange(operation, response)

    def eventually(self, look: Any) -> tuple[bool, Any]:
        for _ in range(3):
            holds, seen = look()
            if holds:
                break
        return holds, seen


def read(**changed: Any) -> Response:
    return answer(200, {**PROCESS, **changed})


def watching(operation: str, sent: Any, *later: Response) -> Watch:
    reads: Any = Reads(*later)
    reading = SPEC.operations["getProcess" if operation == "updateProcess" else "getProject"]
    return Watch(reads, SPEC.operations[operation], reading, {}, sent, exchange(reading.id, read()))


GONE = answer(404, {"error": {"code": 404, "message": "Not Found"}})


def test_value_that_was_sent_and_is_shown_was_carried_out() -> None:
    watch = watching("updateProcess", {"pro_title": "as sent"}, *[read(pro_title="as sent")] * 4)
    assert watch.carried_out()[0]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param([read()], id="as before"),
        pytest.param([read(pro_title="set by the server")] * 4, id="a value that nobody sent"),
        pytest.param([read(pro_title="as sent"), read()], id="shown once"),
        pytest.param([answer(500, {})], id="a failed read"),
        pytest.param([answer(200, {"pro_uid": "p"})], id="a read without the value"),
    ],
)
def test_what_does_not_show_that_an_update_was_carried_out(later: list[Response]) -> None:
    assert watching("updateProcess", {"pro_title": "as sent"}, *later).carried_out()[0] == ""


def test_resource_that_stays_gone_was_deleted() -> None:
    assert watching("deleteProject", None, *[GONE] * 4).carried_out()[0]


def test_replica_that_does_not_have_the_resource_yet_does_not_show_a_deletion() -> None:
    assert watching("deleteProject", None, GONE, read()).carried_out()[0] == ""


def before(*responses: Response | NotExercised) -> Watch | None:
    session: Any = Reads(*responses)
    return watched(session, SPEC.operations["deleteProject"], {"path": {"prj_uid": "p", "uid": "p"}})


def test_resource_that_is_shown_late_is_watched() -> None:
    assert before(GONE, read()) is not None


@pytest.mark.parametrize("reason", [Reason.UNSUPPORTED, Reason.INCONCLUSIVE])
def test_read_that_is_not_there_leaves_the_test_of_the_request_as_it_is(reason: Reason) -> None:
    assert before(NotExercised(reason, "no read")) is None
