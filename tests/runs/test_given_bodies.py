"""A PROCESIO that refuses guessed bodies is tested completely once the target file gives its bodies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from starlette.responses import JSONResponse
from starlette.routing import Match

from conformance.core import exit_codes
from conformance.reference import Reference
from conformance.reference.personality import LIBERAL
from conformance.reference.procesio.server import Procesio

from .liberty import asking, tried
from .support import run, served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

CREATES: Final = """
[procesio.bodies]
createProcess = { flow = { title = "{name}" }, version = 3 }
createAction = { flow = { title = "{name}" } }
createActionTemplate = { flow = { title = "{name}" } }
createActionFolder = { flow = { title = "{name}" } }
createApiKey = { flow = { title = "{name}" } }
createCredential = { flow = { title = "{name}" } }
createCredentialType = { flow = { title = "{name}" } }
testAction = { flow = { title = "{name}" } }
createDataType = { flow = { title = "{name}", attributes = [{ name = "recipient", type = "Text" }] } }
createSchedule = { flow = { title = "{name}", processId = "{id}", startsOn = "2099-12-31T12:00:00Z" } }
"""
OTHERS: Final = ("/run", "/Authentication", "/Version", "/status", "/duplicate", "/toggle-activation")


def demanding(reference: Reference) -> None:
    """A definition is accepted only in a member `flow` and with a `title`."""
    assert isinstance(reference, Procesio)
    routes = reference.web.router.routes

    def change(scope: Scope, body: bytes) -> tuple[Scope, bytes] | ASGIApp:
        known = any(route.matches(scope)[0] is Match.FULL for route in routes)
        if not known or not body.startswith(b"{") or scope["path"].endswith(OTHERS) or scope["method"] == "DELETE":
            return scope, body
        try:
            sent: Any = json.loads(body)
        except ValueError:
            sent = {}
        if not isinstance(sent.get("flow"), dict) or "title" not in sent["flow"] or "name" in sent:
            return JSONResponse([{"statusCode": 400, "value": "No flow with a title."}], 400)
        flow = {"name" if name == "title" else name: value for name, value in sent["flow"].items()}
        return scope, json.dumps(flow).encode()

    reference.wrap(asking(change))


def reached(bodies: str, directory: Path) -> tuple[set[str], Any]:
    directory.mkdir()
    with served("procesio", change=demanding, personality=LIBERAL) as (reference, toml):
        before = reference.snapshot()
        (directory / "target.toml").write_text(toml + bodies)
        result = run(directory / "target.toml", directory / "run", "--max-examples", "1")
        assert reference.snapshot() == before
    assert (result.code, result.record.deviations, result.record.leftovers) == (exit_codes.OK, [], [])
    return tried(result.record), result.record


@pytest.mark.matrix
def test_bodies_for_the_creates_make_a_run_as_complete_as_the_reference(
    plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    guessed, _ = reached("", tmp_path / "guessed")
    given, record = reached(CREATES, tmp_path / "given")
    whole = plain("procesio")
    assert len(guessed) < 0.75 * len(whole)
    missing = {
        verdict.requirement: verdict.detail for verdict in record.verdicts if verdict.requirement in whole - given
    }
    unread = {name for name in missing if name.endswith(":verbatim")}  # the guessed texts are not in these bodies
    assert missing.keys() - unread <= {"PRO-PROCESS-USED-OF-ONE"}, missing
