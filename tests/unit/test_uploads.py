"""What is created within something else: it is journalled with what it is a part of, found there, and removed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.engine import sampling
from conformance.engine.recorder import NotExercised
from conformance.engine.session import Session
from conformance.spec import specification
from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.target.target import Safety
from conformance.wire import ledger
from conformance.wire.client import Client
from conformance.wire.evidence import Evidence
from conformance.wire.guard import Guard, Policy, RequestRefused
from conformance.wire.ledger import Ledger
from conformance.wire.redact import Redactor

CASE, TASK = "c" * 32, "7" * 32
FILES = f"/api/1.0/w/cases/{CASE}/input-document"
UPLOAD = "uploadInputDocument"


class Case(httpx.BaseTransport):
    """A case that takes uploads, by their file names."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read().decode()
        self.sent.append(request)
        path = request.url.path
        if request.method == "POST" and path == FILES:
            self.files["1" * 32] = body.split('filename="')[1].split('"')[0]
            return httpx.Response(201)
        if request.method == "GET" and path == f"{FILES}s":
            return httpx.Response(
                200, json=[{"app_doc_uid": uid, "app_doc_filename": name} for uid, name in self.files.items()]
            )
        if request.method == "DELETE" and path.removeprefix(f"{FILES}/") in self.files:
            del self.files[path.removeprefix(f"{FILES}/")]
            return httpx.Response(200)
        return httpx.Response(404)


class Anybody:
    def headers(self, _user: str) -> dict[str, str]:
        return {}

    def renewable(self, _user: str) -> bool:
        return False

    def revert(self, _user: str) -> bool:
        return False

    def renew(self, _user: str) -> None:
        raise AssertionError

    def given(self, _user: str) -> str:
        return ""

    def stale(self, _user: str) -> bool:
        return False

    def hold(self, _content: Mapping[str, Any]) -> None:
        raise AssertionError

    def release(self) -> None:
        raise AssertionError


@pytest.fixture
def server() -> Case:
    return Case()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger-main.ndjson"


@pytest.fixture
def session(server: Case, path: Path) -> Iterator[Session]:
    with opened(server, Ledger(path, "r1")) as session:
        yield session


@contextmanager
def opened(server: Case, book: Ledger, *, may_change: bool = True) -> Iterator[Session]:
    spec = specification.load("processmaker3")
    fixtures = {"case": CASE, "case_task": TASK, "may_change": may_change}
    account: dict[str, Any] = dict.fromkeys(("workspace", "client_id", "client_secret", "username", "password"), "w")
    table = ProcessMaker3.model_validate({"url": "http://t", "fixtures": fixtures, **account})
    origins = frozenset({"http://t"})
    policy = Policy(spec, book, Safety.OWNED, origins, table.identifiers, may_change)
    evidence = Evidence(None, Redactor({}), lists=frozenset(), foreign=bool, seen=lambda _: None)
    with httpx.Client(transport=Guard(server, policy)) as http:
        client = Client(spec, http, {"url": "http://t"}, evidence, constants={"workspace": "w"}, worker="main")
        yield Session(table, client, Anybody(), book, settle=0, safety=Safety.OWNED)


def upload(session: Session) -> dict[str, Any]:
    return sampling.build_request(session, session.operation(UPLOAD)).request()


def _changes(server: Case) -> list[httpx.Request]:
    """What was sent but for reads: what is there before a create is looked at first."""
    return [request for request in server.sent if request.method != "GET"]


def test_upload_gets_a_name_of_ours_with_its_fixture_as_a_field(server: Case, session: Session) -> None:
    session.create(UPLOAD, **upload(session))
    assert session.ledger.is_ours(server.files["1" * 32])
    assert f'name="tas_uid"\r\n\r\n{TASK}' in _changes(server)[0].content.decode()


def test_upload_is_found_by_name_in_the_list_of_its_parent(session: Session) -> None:
    made = session.create(UPLOAD, **upload(session))
    assert (made.id, dict(made.entry.within)) == ("1" * 32, {"app_uid": CASE})
    assert made.name in made.exchange.request.body.decode()


def test_upload_is_removed_from_its_parent_using_only_the_journal(server: Case, session: Session, path: Path) -> None:
    session.create(UPLOAD, **upload(session))
    with opened(server, ledger.read(path)) as later:
        assert later.sweep() == []
    assert server.files == {}
    assert [request.url.path for request in server.sent if request.method == "DELETE"] == [f"{FILES}/{'1' * 32}"]


def test_nothing_is_uploaded_into_an_unchangeable_fixture(server: Case, path: Path) -> None:
    opening = opened(server, Ledger(path, "r1"), may_change=False)
    with opening as session, pytest.raises(NotExercised, match="may_change"):
        session.create(UPLOAD, **upload(session))
    assert _changes(server) == []


def test_file_without_our_name_is_refused_by_the_guard(server: Case, session: Session) -> None:
    asked = upload(session)
    asked["files"] = {"form": ("report.pdf", b"x")}
    with pytest.raises(RequestRefused, match=r"report\.pdf"):
        session.send(UPLOAD, **asked)
    assert _changes(server) == []


def test_rejected_reading_is_guarded_like_the_operation(session: Session) -> None:
    prefix = "/api/1.0/w/api/1.0/w/cases"
    twice = session.specification.match("PUT", f"{prefix}/{CASE}/variable")
    assert twice is not None
    assert twice[0].id == "setCaseVariable"
    assert twice[1]["app_uid"] == CASE
    assert session.specification.match("PUT", f"/api/1.0/w/api/1.0/x/cases/{CASE}/variable") is None
    other = twice[0].alternatives[0].path
    with pytest.raises(RequestRefused, match="did not create"):
        session.send("setCaseVariable", path={"app_uid": "d" * 32}, template=other, json={"a": "b"})
