"""Liberties of PROCESIO that exclude those of its liberal personality, each as a change of its reference."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from conformance.core.verdict import Reason
from conformance.reference.edits import Data, Outgoing, editing, rewritten, unless
from conformance.reference.procesio.state import WORKSPACE_ID

from .liberty import LAG, Liberty, asking, enveloped_page, late, refusing

if TYPE_CHECKING:
    from starlette.types import Scope

    from conformance.reference.procesio.server import Operation, Procesio


def renamed_ids(answer: Outgoing) -> None:
    """Identifiers under other names, after others that name something else."""
    data, path = answer.json, answer.path
    if data is None or answer.status >= 300:
        return
    if path == "/api/Projects" or (path.count("/") == 3 and "instances" not in path):
        answer.json = rewritten(data, lambda item: renamed(item, "processId") if "workspaceId" in item else item)
    elif path.endswith("/instances/publish"):
        answer.json = {"flows": data}
    elif path.endswith(("/run", "/instances")):
        answer.json = rewritten(data, lambda item: renamed(item, "instanceId") if "id" in item else item)


def renamed(item: Data, name: str) -> Data:
    """An object with its `id` under another name, as its last member."""
    return {**{member: value for member, value in item.items() if member != "id"}, name: item["id"]}


def other_names(reference: Procesio) -> None:
    """Identifiers under other names."""
    reference.wrap(editing(renamed_ids))


def first_items(reference: Procesio) -> None:
    """Lists contain their first item, and say that there are more."""
    reference.wrap(editing(unless(FEW, enveloped_page(1))))


def mute_creates(reference: Procesio) -> None:
    """Creates and copies return nothing about what they created."""

    def mute(create: Operation) -> Operation:
        def done(*arguments: Any) -> Data:
            create(*arguments)
            return {}

        return done

    for name in ("create_process", "create_data_type", "create_schedule", "duplicate_schedule"):
        reference.operations[name] = mute(reference.operations[name])


def no_guessed_bodies(reference: Procesio) -> None:
    """Requests with undocumented bodies are refused."""
    reference.wrap(refusing(reference.web, DOCUMENTED))


FEW = re.compile("/api/(Projects/[^/]+/used|ApiKey)").fullmatch  # undocumented lists, or long ones
DOCUMENTED = re.compile("/api/Projects/[^/]+/run").fullmatch


def undemanding(reference: Procesio) -> None:
    """Whatever is missing in a request is added."""

    def change(scope: Scope, body: bytes) -> tuple[Scope, bytes]:
        names = {name for name, _ in scope["headers"]}
        if scope["path"] == "/api/Authentication":
            given = {"grant_type": "password", "client_secret": "", **dict(parse_qsl(body.decode()))}
            body = urlencode(given).encode()
        elif scope["path"].endswith("/run"):
            body = json.dumps({"payload": {}, **json.loads(body or b"{}")}).encode()
        if b"key" in names and b"workspaceid" not in names:
            scope = {**scope, "headers": [*scope["headers"], (b"workspaceid", WORKSPACE_ID.encode())]}
        return scope, body

    reference.wrap(asking(change))


LIBERTIES = (
    Liberty("other-names", "procesio", other_names),
    Liberty(
        "first-page",
        "procesio",
        first_items,
        unshown=(  # an item that is not shown may be on another page
            "PRO-*-CREATE-LISTED",
            "PRO-*-DETAILS",
            "PRO-PROCESS-TOGGLE-LISTED",
            "PRO-SCHEDULE-STATUS-LISTED",
            "PRO-INSTANCE-STAYS",
            "PRO-CREDENTIAL-TYPE*-NAMED",
            "PRO-CREDENTIAL-TYPE-CREATE-READABLE",  # its identifier is returned only there
            "PRO-INSTANCE-LISTED",
            "PRO-DATATYPE-COUNT-MATCHES",
            "PRO-SCHEDULE-DUPLICATE-*",  # nor can a new item be recognised
            "duplicateSchedule*",
            "PRO-CREDENTIAL-TYPE-CREATE-READABLE",
            "PRO-CREDENTIAL-TYPES-NAMED",
            "PRO-CREDENTIAL-TYPE-FIELDS",
            "PRO-*-MODIFY-LISTED",
            "PRO-*-DELETE-UNLISTED",  # what was never listed
            "PRO-*-CREATES-NOTHING",
            "PRO-WRONG-TOKEN-DUPLICATE-SCHEDULE",
            "PRO-RUN-OF-ONE",
            "PRO-RUN-LISTED",
            "PRO-RUN-API-KEY-OF-ONE",
            "PRO-RUN-API-KEY-PAYLOAD",
            "PRO-ANALYTICS-PROCESSES-ALL",
            "PRO-INSTANCE-PUBLISH-OF-ONE",
        ),
    ),
    Liberty(
        "no-guessed-bodies",
        "procesio",
        no_guessed_bodies,
        reason=Reason.UNDOCUMENTED_REQUEST,
    ),
    Liberty("mute-creates", "procesio", mute_creates),
    Liberty("late", "procesio", late, settle=2 * LAG),
    Liberty(
        "undemanding",
        "procesio",
        undemanding,
        unshown=("PRO-RUN-API-KEY-WRONG-WORKSPACE",),  # a key without a workspace is accepted
        findings=(
            "PRO-AUTH-WITHOUT-GRANT-TYPE",
            "PRO-RUN-API-KEY-WITHOUT-WORKSPACE",
            "authenticate.request./client_secret:required",
            "runProcess.request./payload:required",
            "runProcess:no-server-error",  # it demands nothing, and fails on an invalid payload
        ),
    ),
)
