"""Ownership: a response to a create proves nothing at level owned."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import conformance
from conformance.core.verdict import Reason
from conformance.engine import sampling
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.spec import specification
from conformance.target.safety import provable
from conformance.target.target import Safety
from conformance.wire import ledger
from conformance.wire.ledger import Ledger, Ours
from tests.unit.project_server import BASE, UID, Server, create, keys, server, session, status

__all__ = ["keys", "server", "session"]
FOREIGN = "a" * 32


def lying(server: Server, given: str) -> None:
    """Let the server respond to a create with another identifier, and show under it what was created."""

    def shown(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"prj_uid": given, "prj_name": server.projects.get(UID, "Payroll")})

    def made(request: httpx.Request) -> httpx.Response:
        server.usual(request)
        return httpx.Response(201, json={"prj_uid": given})

    server.answers["POST", BASE] = made
    server.answers["GET", f"{BASE}/{given}"] = shown


@pytest.mark.parametrize("given", [FOREIGN, FOREIGN.upper()])
def test_earlier_resource_is_not_ours_whatever_is_read(server: Server, session: Session, given: str) -> None:
    server.projects[FOREIGN] = "Payroll"
    lying(server, given)
    assert create(session).id == UID
    assert not session.ledger.owns(given)
    assert session.sweep() == []
    assert server.projects == {FOREIGN: "Payroll"}


def test_earlier_list_item_with_our_name_is_not_ours(server: Server, session: Session) -> None:
    server.projects[FOREIGN] = "Payroll"

    def renamed(request: httpx.Request) -> httpx.Response:
        name = server.projects.get(UID, "Payroll")
        return httpx.Response(200, json=[{"prj_uid": FOREIGN, "prj_name": name}])

    server.answers["GET", BASE] = renamed
    with pytest.raises((Blocked, NotExercised)):
        create(session)
    session.sweep()
    assert server.projects[FOREIGN] == "Payroll"


def test_identifier_may_be_reused_after_a_deletion(server: Server, session: Session) -> None:
    assert create(session).id == UID
    assert session.sweep() == []
    assert create(session).id == UID
    assert session.sweep() == []
    assert server.projects == {}


def test_identifier_of_another_worker_is_not_foreign(tmp_path: Path) -> None:
    other = Ledger(tmp_path / "ledger-gw1.ndjson", "r1", "gw1")
    mine = Ledger(tmp_path / "ledger-gw0.ndjson", "r1", "gw0")
    other.created(other.intend("processmaker3", "project", "createProject", other.name()), Ours(UID))
    mine.surveyed("processmaker3", "project", {}, [UID, FOREIGN], whole=True)
    assert (mine.had(UID, "project"), mine.had(FOREIGN, "project")) == (True, False)
    assert not mine.had(UID, "schedule")  # a server may number each kind by itself


@pytest.mark.parametrize(
    ("made", "field", "removal"),
    [
        ("createGroup", "grp_uid", "deleteGroup"),
        ("createRole", "rol_uid", "deleteRole"),
        ("createPmTable", "pmt_uid", "deletePmTable"),
    ],
)
def test_unlisted_resource_is_neither_changed_nor_deleted(
    made: str, field: str, removal: str, server: Server, session: Session
) -> None:
    operation = session.operation(made)
    server.answers["POST", operation.path.format(workspace="w")] = status(201, json={field: FOREIGN})
    resource = session.create(made, **sampling.build_request(session, operation).request())
    with pytest.raises(NotExercised) as withheld:
        session.send(removal, path={field: resource.id})
    assert withheld.value.reason is Reason.SAFETY_LEVEL
    assert session.sweep() == []
    assert [method for method, _ in server.seen] == ["POST"]
    assert [why for _, why in session.ledger.doubtful.values()]


def test_journal_records_earlier_and_unproved_resources(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "ledger-main.ndjson", "r1")
    book.surveyed("procesio", "process", {}, ["ABC-1"], whole=True)
    book.unproved(book.intend("processmaker3", "group", "createGroup", book.name()), "g1", "no proof")
    again = ledger.read(tmp_path / "ledger-main.ndjson")
    assert again.was_there("procesio", "process", "{abc1}")
    assert not again.was_there("procesio", "credential", "abc1")
    assert again.doubts("group", "g1")
    assert again.open() == []
    assert "ABC-1" not in (tmp_path / "ledger-main.ndjson").read_text()


def test_only_a_proof_makes_an_identifier_ours() -> None:
    package = Path(conformance.__file__).parent
    makers = {
        path.name for path in package.rglob("*.py") if " Ours(" in path.read_text() or "(Ours(" in path.read_text()
    }
    assert makers == {"ownership.py"}


def test_kinds_without_a_documented_list_cannot_be_proved() -> None:
    found = set()
    for system in specification.SYSTEMS:
        operations = specification.load(system).operations
        found |= {
            operation.id
            for operation in operations.values()
            if operation.effect == "create" and not provable(operations, operation)
        }
    assert found == {"createGroup", "createRole", "createPmTable", "createActionTemplate"}


def test_guard_checks_ownership_of_every_identifier_in_a_path() -> None:
    untouched = {
        (operation.id, name)
        for system in specification.SYSTEMS
        for operation in specification.load(system).operations.values()
        if operation.effect != "read"
        for name in operation.path_parameters
        if name not in {touch.name for touch in operation.touches if touch.where == "path"}
    }
    # a document is named beside the case that holds it
    assert untouched == {("deleteInputDocument", "app_uid"), ("deleteOutputDocument", "app_uid")}


@pytest.mark.parametrize("safety", [Safety.OWNED, Safety.DISPOSABLE])
def test_identifier_in_a_response_is_unproved_at_level_owned(server: Server, session: Session, safety: Safety) -> None:
    session.safety = safety
    project = create(session).id
    path = f"{BASE}/{project}/case-tracker/object"
    server.answers["POST", path] = status(201, json={"cto_uid": FOREIGN})
    server.answers["PUT", f"{path}/{FOREIGN}"] = status(200)
    session.send("createCaseTrackerObject", path={"prj_uid": project}, json={})
    assert session.ledger.owns(FOREIGN)
    assert session.ledger.doubts("case_tracker_object", FOREIGN) is (safety is Safety.OWNED)


def test_named_identifier_is_trusted_after_a_proof() -> None:
    book = Ledger(None, "r1")
    book.remains("procesio", "instance", "i1")
    assert book.doubts("instance", "i1")
    assert book.doubts("process", "i1")
    book.proved(Ours("i1"))
    assert not book.doubts("instance", "i1")
