"""Finishing a task (todo-api.txt, lines 27-29)."""

from __future__ import annotations

import pytest

from conformance.engine.checks import body_of
from conformance.engine.sampling import build_request
from conformance.engine.session import Session


@pytest.mark.requirement("TODO-FINISH-DONE", "TODO-FINISH-AGAIN")
def test_a_task_can_be_finished_once(session: Session) -> None:
    task = session.create("createTask", **build_request(session, session.operation("createTask")).request())
    finished = session.call("finishTask", path={"id": task.id})
    read = session.call("getTask", path={"id": task.id})
    state = body_of(session.operation("getTask"), read)["state"]
    session.recorder.require("TODO-FINISH-DONE", state == "done", read, finished, observed=f"the state is {state!r}")
    again = session.send("finishTask", path={"id": task.id})
    session.recorder.refused("TODO-FINISH-AGAIN", again, finished)
