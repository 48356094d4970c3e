"""Liberties of PROCESIO in what an identifier is: no document says what it looks like, or what an unknown one gets."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance.core.verdict import Reason
from conformance.reference.edits import Outgoing, editing
from conformance.reference.procesio.state import PROCESS_ID, WORKSPACE_ID

from .liberty import Liberty, asking

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

    from conformance.reference.procesio.server import Procesio

GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
BY_PATH: Final = (
    (("Projects",), "process"),
    (("Schedules",), "schedule"),
    (("DataTypes",), "data type"),
    (("ApiKey",), "key"),
    (("Credentials", "types"), "credential type"),
    (("Credentials",), "credential"),
    (("Actions", "folders"), "folder"),
    (("Actions", "templates"), "template"),
    (("Actions",), "action"),
    (("Resources",), "process"),
)
"""The kind of the identifiers in a path, by its first segments."""
BY_MEMBER: Final = {"processId": "process", "parentId": "folder"}


def nothing_for_unknown(reference: Procesio) -> None:
    """A request that names nothing gets 204, as a framework responds to a null."""

    def edit(answer: Outgoing) -> None:
        if answer.method in ("GET", "DELETE") and answer.status == 404 and b"of this" in answer.body:
            answer.status = 204
            answer.empty()

    reference.wrap(editing(edit))


@dataclass
class Numbers:
    """The numbers that a server gives its things, each kind from 1."""

    reference: Procesio
    of: dict[str, int] = field(default_factory=dict)
    guids: dict[tuple[str, str], str] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)

    def number(self, guid: str) -> str:
        """The number of a thing; what the target file names keeps its identifier."""
        if guid in (PROCESS_ID, WORKSPACE_ID) or guid in self.reference.credentials.types:
            return guid
        if guid not in self.of:
            kind = next((kind for kind, things in self.stores() if guid in things), "other")
            self.count[kind] += 1
            self.of[guid] = self.count[kind]
            self.guids[kind, str(self.count[kind])] = guid
        return str(self.of[guid])

    def stores(self) -> Sequence[tuple[str, Any]]:
        """Where the reference keeps each kind."""
        ref = self.reference
        return (
            ("process", ref.workspace.processes),
            ("instance", ref.workspace.started),
            ("schedule", ref.schedules.kept),
            ("folder", ref.actions.folders),
            ("template", ref.actions.templates),
            ("action", ref.actions.actions),
            ("key", ref.keys.keys),
            ("credential", ref.credentials.credentials),
            ("credential type", ref.credentials.added),
            ("data type", ref.data_types.types),
        )

    def guid(self, kind: str, value: str) -> str:
        """The identifier that the reference knows."""
        return self.guids.get((kind, value), value)

    def path(self, segments: Sequence[str]) -> list[str]:
        """A path with the identifiers of the reference."""
        return [self.guid(_kind(segments[:index]), value) for index, value in enumerate(segments)]

    def body(self, value: Any, own: str, name: str = "") -> Any:
        """A body with the identifiers of the reference."""
        if isinstance(value, dict):
            return {member: self.body(item, own, member) for member, item in value.items()}
        if isinstance(value, list):
            return [self.body(item, own) for item in value]
        kind = own if name == "id" else BY_MEMBER.get(name, "")
        return self.guid(kind, str(value)) if kind and isinstance(value, int | str) else value


def _kind(before: Sequence[str]) -> str:
    if "instances" in before:
        return "instance"
    return next((kind for first, kind in BY_PATH if tuple(before[: len(first)]) == first), "")


def numbered_by_kind(reference: Procesio) -> None:
    """Identifiers are numbers, and each kind has its own: process 3 and schedule 3 both exist."""
    numbers = Numbers(reference)

    def shown(answer: Outgoing) -> None:
        text = re.sub(f'"({GUID.pattern})"', _number_or_text, answer.body.decode())
        answer.body = GUID.sub(lambda found: numbers.number(found[0]), text).encode()

    def _number_or_text(found: re.Match[str]) -> str:
        number = numbers.number(found[1])
        return number if number.isdigit() else found[0]

    def asked(scope: Scope, body: bytes) -> tuple[Scope, bytes] | ASGIApp:
        rest = scope["path"].rpartition("/api/")[2]
        segments = rest.split("/")
        path = scope["path"][: -len(rest)] + "/".join(numbers.path(segments)) if rest else scope["path"]
        own = "folder" if segments[0] == "Actions" else _kind(segments[:1])
        with contextlib.suppress(ValueError):  # no JSON: a form, a file, or nothing
            body = json.dumps(numbers.body(json.loads(body), own)).encode()
        return {**scope, "path": path, "raw_path": path.encode()}, body

    def wrap(app: ASGIApp) -> ASGIApp:
        return asking(asked)(editing(shown)(app))

    reference.apps = {key: wrap(app) if key == "web_url" else app for key, app in reference.apps.items()}


LIBERTIES: Final = (
    Liberty(
        "unknown-is-no-content",
        "procesio",
        nothing_for_unknown,
        unshown=("PRO-PROCESS-DELETED-NOT-RUN",),
        reason=Reason.INCONCLUSIVE,
    ),
    Liberty(
        "identifiers-by-kind",
        "procesio",
        numbered_by_kind,
        unshown=("PRO-KEY-DELETE-KEEPS-PROCESS",),  # somebody's key may have the number of a process of the run
        reason=Reason.SAFETY_LEVEL,
    ),
)
