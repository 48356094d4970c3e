"""A refused update changed something only if it does so again after the update before it became visible."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.engine.cases.updates import Updates
from conformance.spec import specification

SPEC = specification.load("processmaker3")
BASE = {"path": {"prj_uid": "p"}, "json": {"pro_title": "documented"}}
WRONG = {"path": {"prj_uid": "p"}, "json": {"pro_title": "refused"}}
LATE = 3
"""Reads that still show the state before an accepted update."""


class Server:
    """A process whose accepted updates become visible after some reads, or when time has passed.

    It refuses WRONG, and `carries_out` says whether it stores that nevertheless.
    """

    def __init__(self, carries_out: bool) -> None:
        self.carries_out = carries_out
        self.title, self.shown, self.reads = "as created", "as created", 0

    def update(self, request: Mapping[str, Any]) -> Exchange:
        accepted = request is not WRONG
        if accepted:
            self.title, self.reads = request["json"]["pro_title"], 0
        elif self.carries_out:
            self.title = self.shown = request["json"]["pro_title"]
        return exchange("updateProcess", 200 if accepted else 400, {})

    def read(self) -> Exchange:
        self.reads += 1
        if self.reads > LATE:
            self.shown = self.title
        return exchange("getProcess", 200, {"pro_uid": "p", "pro_title": self.shown})

    def pass_time(self, _: float) -> None:
        self.shown = self.title


def exchange(operation: str, status: int, body: Any) -> Exchange:
    response = Response(status, (("Content-Type", "application/json"),), json.dumps(body).encode())
    return Exchange("e", operation, Request("GET", "http://t/"), response)


def look_patiently(look: Any) -> Any:
    seen = [look() for _ in range(2)]
    return seen[-1]


@pytest.mark.parametrize("carries_out", [False, True], ids=["late", "carries-out"])
def test_refused_update_is_blamed_for_its_own_changes_only(carries_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    server, recorded = Server(carries_out), list[bool]()
    session = SimpleNamespace(
        specification=SPEC,
        settle=1,
        requester=SimpleNamespace(unsupported=lambda _: False),
        ledger=SimpleNamespace(within=lambda _: {}),
        send=lambda *_, **__: server.read(),
        eventually=look_patiently,
    )
    sender: Any = SimpleNamespace(
        session=session,
        operation=SPEC.operations["updateProcess"],
        stopped=False,
        send=server.update,
        record_refused_unchanged=lambda holds, *_, observed: recorded.append(holds),
    )
    monkeypatch.setattr("time.sleep", server.pass_time)
    tested = Updates(sender, BASE, lambda value: value)
    server.update(BASE)
    tested._before = tested._look()
    for _ in range(2):
        tested._send(SimpleNamespace(valid=False), WRONG, SimpleNamespace())  # type: ignore[arg-type]
    assert recorded
    assert all(recorded) is not carries_out
    assert not sender.stopped
