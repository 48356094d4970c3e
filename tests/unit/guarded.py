"""A guard of a run that created two resources of each system, and what it says of a request."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from conformance.spec import specification
from conformance.target.target import Safety
from conformance.wire.guard import Policy, RequestRefused
from conformance.wire.ledger import Ledger, Ours

HOST = "http://target:8301"
PM3 = f"{HOST}/api/1.0/workflow/project"
PRO = f"{HOST}/api/Projects"
FOREIGN, OWNED, FIXTURE = "f" * 32, "0f8fad5bd9cb469fa16570867728950e", "c" * 32
MINE = "conf r1 main 1 aa"


def policy(system: str = "processmaker3", *, safety: Safety = Safety.OWNED, **more: Any) -> Policy:
    ledger = Ledger(None, "r1")
    kind, operation = ("process", "createProcess") if system == "procesio" else ("project", "createProject")
    for name, identifier in (("one", OWNED), ("two", "7")):
        ledger.created(ledger.intend(system, kind, operation, name), Ours(identifier))
    return Policy(specification.load(system), ledger, safety, frozenset({HOST}), fixtures=frozenset({FIXTURE}), **more)


def judge(method: str, url: str, system: str = "processmaker3", *, by: Policy | None = None, **request: Any) -> str:
    """The effect that the guard lets pass. Raises what the guard raises."""
    return (by or policy(system)).judge(httpx.Request(method, url, **request)).effect


def refused(method: str, url: str, system: str = "processmaker3", **more: Any) -> None:
    with pytest.raises(RequestRefused):
        judge(method, url, system, **more)
