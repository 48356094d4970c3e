"""Servers that must be called in an undocumented form, and target files that say so.

The documented form gives one deviation; everything else is tested as if the server were called as documented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

import pytest

from conformance.core import exit_codes
from conformance.reference import Reference
from conformance.reference.procesio.state import PROCESS_ID
from conformance.report.run_record import RunRecord

from .liberty import tried
from .support import run, served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def renamed(change: Callable[[Scope], Scope | None]) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that passes on the result of `change`; if there is none, no route is found."""

    def around(app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            changed = change(scope)
            if changed is None:
                changed = {**scope, "path": f"{scope['path'].rpartition('/')[0]}/nothing"}
            await app({**changed, "raw_path": changed["path"].encode()}, receive, send)

        return answer

    return around


def event_wanted(scope: Scope) -> Scope | None:
    """Starts a Request only if the start event is named."""
    starts = scope["path"].startswith("/api/1.0/process_events/")
    named = dict(parse_qsl(scope["query_string"].decode())).get("event") == "node_1"
    return scope if named or not starts else {**scope, "path": "/api/1.0/process_events/0"}


def published_by_post(scope: Scope) -> Scope | None:
    """Publishes by POST, and has no GET there."""
    if not scope["path"].endswith("/instances/publish"):
        return scope
    return {**scope, "method": "GET"} if scope["method"] == "POST" else None


def moved(old: str, new: str, end: str) -> Callable[[Scope], Scope | None]:
    """Serves the paths with an end only under another prefix."""

    def change(scope: Scope) -> Scope | None:
        path: str = scope["path"]
        if not path.endswith(end):
            return scope
        return {**scope, "path": path.replace(new, old, 1)} if path.startswith(new) else None

    return change


def json_only(app: ASGIApp) -> ASGIApp:
    """Reads credentials only as JSON."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if scope["path"] == "/api/Authentication" and b"json" not in headers.get(b"content-type", b""):
            await send({"type": "http.response.start", "status": 415, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"JSON only"})
            return
        await app(scope, receive, send)

    return answer


def wanting(end: str, wanted: Callable[[Scope], bool], status: int = 422) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that refuses calls of one path that lack what is wanted."""

    def around(app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if not (scope["method"] == "GET" and scope["path"].endswith(end)) or wanted(scope):
                await app(scope, receive, send)
                return
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"error": {"message": "something is missing"}}'})

        return answer

    return around


def _case(scope: Scope) -> bool:
    given = dict(parse_qsl(scope["query_string"].decode()))
    return given.get("case") == scope["path"].split("/")[-2] and bool(given.get("state"))


def _process(scope: Scope) -> bool:
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    return headers.get("x-process") == f"p-{scope['path'].split('/')[-2]}" and bool(headers.get("x-name"))


names_the_case = wanting("/tasks", _case)
names_the_process = wanting("/payload", _process)


@dataclass(frozen=True)
class Variant:
    """A server that wants one operation in another form, and its entry in the target file.

    `deviates` is the requirement that its documented form contradicts, empty if no form is documented; `hides` are the
    requirements that only a documented form can decide.
    """

    system: str
    around: Callable[[ASGIApp], ASGIApp]
    operation: str
    form: str
    deviates: str
    hides: frozenset[str] = frozenset()

    @property
    def toml(self) -> str:
        """The accommodation in the target file."""
        return (
            f'\n[[{self.system}.accommodations]]\noperation = "{self.operation}"\n{self.form}\nreason = "it wants it"\n'
        )


# the others take whole runs like these: with the matrix
FEW: Final = ("event",)

VARIANTS: Final = {
    "event": Variant(
        "processmaker4",
        renamed(event_wanted),
        "startRequest",
        'query = { event = "node_1" }',
        "startRequest.2XX:status",
    ),
    "publish-by-post": Variant(
        "procesio",
        renamed(published_by_post),
        "GET /api/Projects/{id}/instances/publish",
        'method = "POST"',
        "publishProcess:exists",
        frozenset({"publishProcess.2XX:status"}),
    ),
    "credentials-as-json": Variant("procesio", json_only, "authenticate", 'encoding = "json"', ""),
    "run-elsewhere": Variant(
        "procesio",
        renamed(moved("/api/", "/api/v2/", "/run")),
        "runProcess",
        'path = "/api/v2/Projects/{id}/run"',
        "runProcess:exists",
    ),
    "values-of-the-call": Variant(
        "processmaker3",
        names_the_case,
        "listCaseTasks",
        'query = { case = "{path.app_uid}", state = "{read.getCase.app_status}" }',
        "listCaseTasks.2XX:status",
    ),
    "forbidden-without": Variant(
        "processmaker3",
        wanting("/tasks", _case, 403),
        "listCaseTasks",
        'query = { case = "{path.app_uid}", state = "known" }',
        "listCaseTasks.2XX:status",
    ),
    "header-of-the-call": Variant(
        "procesio",
        names_the_process,
        "getPayload",
        'headers = { X-Process = "p-{path.id}", X-Name = "{read.readProcess.name}" }',
        "getPayload.2XX:status",
    ),
    "export-elsewhere": Variant(
        "processmaker3",
        renamed(moved("/api/1.0/", "/api/2.0/", "/export")),
        "exportProject",
        'path = "/api/2.0/{workspace}/project/{prj_uid}/export"',
        "exportProject:exists",
        frozenset({"exportProject.200:status"}),
    ),
}


def against(
    reference_of: str, directory: Path, change: Callable[[Reference], None], more: str = ""
) -> tuple[int, RunRecord]:
    with served(reference_of, change=change) as (reference, toml):
        before = reference.snapshot()
        directory.mkdir()
        (directory / "target.toml").write_text(toml + more)
        result = run(directory / "target.toml", directory / "run", "--max-examples", "1")
        assert reference.snapshot() == before
    return result.code, result.record


@pytest.mark.parametrize(
    "name", [pytest.param(value, marks=[] if value in FEW else [pytest.mark.matrix]) for value in VARIANTS]
)
def test_accommodated_form_is_one_deviation_and_everything_else_is_tested(
    name: str, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    variant = VARIANTS[name]
    code, record = against(
        variant.system, tmp_path / name, lambda reference: reference.wrap(variant.around), variant.toml
    )
    assert [deviation.requirement for deviation in record.deviations] == (
        [variant.deviates] if variant.deviates else []
    )
    assert (record.findings, record.problems, record.leftovers) == ([], [], [])
    assert code == (exit_codes.DEVIATIONS if variant.deviates else exit_codes.OK)
    assert plain(variant.system) - tried(record) == variant.hides
    (accommodation,) = record.accommodations
    expected = record.deviations[0].fingerprint if variant.deviates else None
    assert (accommodation.deviation, accommodation.needed) == (expected, True if variant.deviates else None)
    blocked = {verdict.requirement for verdict in record.verdicts if verdict.blocked_by}
    assert blocked == variant.hides


def test_unneeded_accommodation_is_no_deviation_and_is_reported(tmp_path: Path) -> None:
    variant = VARIANTS["event"]
    code, record = against(variant.system, tmp_path / "run", lambda _: None, variant.toml)
    assert (code, record.deviations, record.problems) == (exit_codes.OK, [], [])
    assert [
        (accommodation.operation, accommodation.deviation, accommodation.needed)
        for accommodation in record.accommodations
    ] == [("startRequest", None, False)]
    assert "startRequest: it wants it (not needed" in (tmp_path / "run" / "run" / "summary.md").read_text()


def guess_refused(app: ASGIApp) -> ASGIApp:
    """Refuses the guessed body of a process."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) == ("POST", "/api/Projects"):
            await send({"type": "http.response.start", "status": 422, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"flow is missing"})
            return
        await app(scope, receive, send)

    return answer


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("operation", "tail"),
    [
        ("readProcess", ""),
        pytest.param("getPayload", "/payload", marks=pytest.mark.matrix),
        pytest.param("getUsedResources", "/used", marks=pytest.mark.matrix),
    ],
)
def test_documented_form_is_tested_on_a_fixture_if_nothing_can_be_created(
    operation: str, tail: str, tmp_path: Path
) -> None:
    """If the target refuses the guessed body, the process of the target file is read."""

    def change(reference: Reference) -> None:
        reference.wrap(renamed(moved("/api/", "/api/v2/", f"/{PROCESS_ID}{tail}")))
        reference.wrap(guess_refused)

    form = f'path = "/api/v2/Projects/{{id}}{tail}"'
    more = f'\n[[procesio.accommodations]]\noperation = "{operation}"\n{form}\nreason = "moved"\n'
    code, record = against("procesio", tmp_path / "run", change, more)
    assert code == exit_codes.DEVIATIONS
    (accommodation,) = record.accommodations
    assert accommodation.deviation in {deviation.fingerprint for deviation in [*record.deviations, *record.findings]}


def event_demanded(app: ASGIApp) -> ASGIApp:
    """Refuses a start without a start event, with its own message."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if dict(parse_qsl(scope["query_string"].decode())).get("event") or b"authorization" not in dict(
            scope["headers"]
        ):
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 422, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"message": "event is required"}'})

    return answer


def test_defect_has_one_fingerprint_with_and_without_the_accommodation(tmp_path: Path) -> None:
    found = []
    for name, more in (("without", ""), ("with", VARIANTS["event"].toml)):
        code, record = against("processmaker4", tmp_path / name, lambda reference: reference.wrap(event_demanded), more)
        assert code == exit_codes.DEVIATIONS
        found.append([(deviation.requirement, deviation.fingerprint) for deviation in record.deviations])
        assert "event is required" in record.deviations[0].observed
    assert found[0] == found[1]
    assert len(found[0]) == 1
