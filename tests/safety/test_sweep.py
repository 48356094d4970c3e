"""A sweep believes neither the file it is given nor the journal: it removes what carries the mark of the run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.core import exit_codes
from conformance.engine import sampling
from conformance.engine.identifiers import listed
from conformance.run.worker import Worker
from conformance.spec.producers import creator_of
from conformance.spec.specification import SYSTEMS, load
from conformance.spec.touched_ids import at
from conformance.target.system_table import urls
from conformance.target.target import load as load_target
from tests.runs.support import served

from .foreign import Filled, filled
from .lies import Liar

RUN: Final = "0a1b2c3e"
Edit = Callable[[dict[str, Any]], dict[str, Any] | str]


def left_behind(there: Filled, directory: Path, operation: str = "createProject") -> str:
    """Create something as a run does, stop there, and return its identifier; the journal is in `directory`."""
    directory.mkdir()
    worker = Worker(load_target(there.file), run=RUN, output=directory)
    system = next(name for name in there.references if operation in worker.session(name).specification.operations)
    session, _ = worker.begin(system, ())
    request = sampling.build_request(session, session.operation(operation)).request()
    try:
        return session.create(operation, **request).id
    finally:
        worker.close(sweep=False)


def swept(directory: Path, file: Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["sweep", str(directory), "--target", str(file)], standalone_mode=False)
    return int(result.return_value or 0), result.output


def edited(directory: Path, event: str, edit: Edit) -> None:
    """Change the lines of an event in the journal."""
    (path,) = directory.glob("ledger-*.ndjson")
    lines = [json.loads(line) for line in path.read_text().splitlines() if line]
    changed = [edit(line) if line["event"] == event else line for line in lines]
    path.write_text("".join(f"{item if isinstance(item, str) else json.dumps(item)}\n" for item in changed))


def test_a_sweep_with_the_file_of_another_server_sends_nothing_and_the_right_one_removes_everything(
    tmp_path: Path,
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with filled(tmp_path / "one", 24) as item, filled(tmp_path / "other", 24) as other:
        left_behind(item, tmp_path / "run")
        journal = next((tmp_path / "run").glob("ledger-*")).read_bytes()
        code, printed = swept(tmp_path / "run", other.file)
        assert code == exit_codes.USAGE, printed
        for there in (item, other):
            assert urls(load_target(there.file).table("processmaker3"))["url"] in printed
        assert next((tmp_path / "run").glob("ledger-*")).read_bytes() == journal
        assert other.snapshot() == other.before
        assert item.snapshot() != item.before
        code, printed = swept(tmp_path / "run", item.file)
        assert (code, printed.splitlines()[0]) == (exit_codes.OK, "removed: 1")
        assert item.snapshot() == item.before


def test_a_sweep_with_another_workspace_of_the_same_server_sends_nothing(tmp_path: Path) -> None:
    with filled(tmp_path, 24) as there:
        left_behind(there, tmp_path / "run")
        there.file.write_text(there.file.read_text().replace('workspace = "workflow"', 'workspace = "sales"'))
        code, printed = swept(tmp_path / "run", there.file)
    assert code == exit_codes.USAGE
    assert "'workflow'" in printed
    assert "'sales'" in printed


def test_journal_without_a_target_removes_nothing(tmp_path: Path) -> None:
    with filled(tmp_path, 24) as there:
        left_behind(there, tmp_path / "run")
        state = there.snapshot()
        edited(tmp_path / "run", "target", lambda _: "")
        assert swept(tmp_path / "run", there.file)[0] == exit_codes.USAGE
        assert there.snapshot() == state


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (True, "it existed before the run created anything of its kind"),
        (False, "nothing shows that the run created it"),
    ],
    ids=["surveyed", "not surveyed"],
)
@pytest.mark.parametrize("operation", ["createProject", "createUser", "createProcess", "createCredential"])
def test_foreign_identifier_in_the_journal_is_not_removed(
    operation: str, known: bool, why: str, tmp_path: Path
) -> None:
    with filled(tmp_path, 60) as there:
        mine = left_behind(there, tmp_path / "run", operation)
        theirs = _of_others(there, operation)
        edited(tmp_path / "run", "created", lambda event: {**event, "identifier": theirs})
        if not known:
            edited(tmp_path / "run", "there", lambda _: "")
        state = there.snapshot()
        code, printed = swept(tmp_path / "run", there.file)
        assert there.snapshot() == state
        assert code == exit_codes.DEVIATIONS
        assert f"{theirs}: {why}" in printed
        assert "removed: 0" in printed
        assert mine not in printed


@pytest.mark.parametrize("operation", ["createProject", "createDepartment", "createDataType"])
def test_an_edited_journal_and_a_server_that_lies_in_its_reads_do_no_harm_together(
    operation: str, tmp_path: Path
) -> None:
    system = next(name for name in SYSTEMS if operation in load(name).operations)
    liar = Liar(load(system).operations[operation], "read")
    with filled(tmp_path, 60, around=liar.around) as there:
        mine = left_behind(there, tmp_path / "run", operation)
        theirs = _of_others(there, operation)
        liar.foreign, liar.claimed = [theirs], {theirs: (mine, "")}
        edited(tmp_path / "run", "created", lambda event: {**event, "identifier": theirs})
        state = there.snapshot()
        code, printed = swept(tmp_path / "run", there.file)
        assert there.snapshot() == state
    assert code == exit_codes.DEVIATIONS
    assert f"{theirs}: it existed before" in printed
    assert liar.asked == []


def test_a_journal_that_names_two_servers_removes_nothing_from_either(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with filled(tmp_path / "one", 24) as item, filled(tmp_path / "other", 24) as other:
        left_behind(item, tmp_path / "run")
        left_behind(other, tmp_path / "more")
        (journal,), (more,) = ((tmp_path / name).glob("ledger-*") for name in ("run", "more"))
        journal.write_text(journal.read_text() + more.read_text().replace('"main-', '"gw0-'))
        states = item.snapshot(), other.snapshot()
        for there in (item, other):
            code, printed = swept(tmp_path / "run", there.file)
            assert code == exit_codes.USAGE, printed
            assert "names two servers of processmaker3" in printed
        assert (item.snapshot(), other.snapshot()) == states


def test_the_journals_of_two_servers_in_one_directory_remove_nothing_from_either(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with filled(tmp_path / "one", 24) as item, filled(tmp_path / "other", 24) as other:
        left_behind(item, tmp_path / "run")
        left_behind(other, tmp_path / "more")
        (tmp_path / "more" / "ledger-main.ndjson").rename(tmp_path / "run" / "ledger-gw0.ndjson")
        states = item.snapshot(), other.snapshot()
        for there in (item, other):
            assert swept(tmp_path / "run", there.file)[0] == exit_codes.USAGE
        assert (item.snapshot(), other.snapshot()) == states


def test_resource_with_a_reused_identifier_stays(tmp_path: Path) -> None:
    """The run's last deletion was accepted, and it was killed before it could journal that."""
    with filled(tmp_path, 24) as there:
        mine = left_behind(there, tmp_path / "run")
        projects = there.references["processmaker3"].workspace.projects  # type: ignore[attr-defined]
        projects[mine].name = "Payroll"
        state = there.snapshot()
        code, printed = swept(tmp_path / "run", there.file)
        assert there.snapshot() == state
    assert code == exit_codes.DEVIATIONS
    assert f"{mine}: nothing shows that the run created it" in printed


def _of_others(there: Filled, operation: str) -> str:
    """The identifier of something of the same kind that was there before the run."""
    worker = Worker(load_target(there.file), run="others")
    system = next(name for name in there.references if operation in worker.session(name).specification.operations)
    session, _ = worker.begin(system, ())
    link = session.operation(operation).link("list")
    assert link is not None
    try:
        return next(value for value, name in listed(session.send(link.operation), link) if value and RUN not in name)
    finally:
        worker.close(sweep=False)


@pytest.mark.parametrize(
    "edit",
    [
        lambda event: "no JSON at all",
        lambda event: "[" * 50_000,
        lambda event: {"event": "created"},
        lambda event: {**event, "identifier": 7},
        lambda event: {**event, "key": "main-99"},
        lambda event: {**event, "run": "ffffffff"},
        lambda event: {**event, "event": "destroyed"},
    ],
    ids=["no JSON", "deep", "empty", "number", "unknown key", "other run", "unknown event"],
)
def test_damaged_line_is_reported_and_ignored(edit: Edit, tmp_path: Path) -> None:
    with filled(tmp_path, 24) as there:
        left_behind(there, tmp_path / "run")
        (journal,) = (tmp_path / "run").glob("ledger-*.ndjson")
        events = [json.loads(line)["event"] for line in journal.read_text().splitlines()]
        edited(tmp_path / "run", "created", edit)
        code, printed = swept(tmp_path / "run", there.file)
        number = events.index("created") + 1
        assert f"ignored: ledger-main.ndjson, line {number} is not a line that a run writes" in printed
        assert code == exit_codes.OK  # its name is known, and it is found by that
        assert there.snapshot() == there.before


def test_entry_of_an_unknown_operation_is_ignored(tmp_path: Path) -> None:
    with filled(tmp_path, 24) as there:
        left_behind(there, tmp_path / "run")
        edited(tmp_path / "run", "intent", lambda event: {**event, "operation": "deleteProject"})
        state = there.snapshot()
        assert swept(tmp_path / "run", there.file)[0] == exit_codes.DEVIATIONS
        assert there.snapshot() == state


@pytest.mark.parametrize("operation", ["createProject", "createUser", "createCredential"])
def test_resource_that_is_gone_already_is_not_counted_as_removed(operation: str, tmp_path: Path) -> None:
    """A deleted user stays readable; the run may have been killed before it got the response to the deletion."""
    with filled(tmp_path, 24) as there:
        left_behind(there, tmp_path / "run", operation)
        shutil.copytree(tmp_path / "run", tmp_path / "again")
        assert swept(tmp_path / "run", there.file)[1].startswith("removed: 1\n")
        code, printed = swept(tmp_path / "again", there.file)
    assert code == exit_codes.OK, printed
    assert printed.splitlines()[0] == "removed: 0"
    assert "already deleted, or never created: 1" in printed


def test_resource_that_was_never_created_is_not_counted_as_removed(tmp_path: Path) -> None:
    """The run was killed when it had asked for something, and the server had not got that."""
    with filled(tmp_path, 24) as there:
        mine = left_behind(there, tmp_path / "run")
        del there.references["processmaker3"].workspace.projects[mine]  # type: ignore[attr-defined]
        for event in ("created", "accepted"):
            edited(tmp_path / "run", event, lambda _: "")
        code, printed = swept(tmp_path / "run", there.file)
        assert there.snapshot() == there.before
    assert (code, printed.splitlines()[0]) == (exit_codes.OK, "removed: 0")
    assert "already deleted, or never created: 1" in printed


@pytest.mark.parametrize("answered", [True, False])
def test_copy_whose_identifier_was_lost_is_found_by_the_name_of_its_original(answered: bool, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    with filled(tmp_path, 60) as there:
        worker = Worker(load_target(there.file), run=RUN, output=directory)
        session, _ = worker.begin("procesio", ())
        request = sampling.build_request(session, session.operation("createSchedule")).request()
        original = session.create("createSchedule", **request).id
        session.create("duplicateSchedule", path={"scheduleId": original})
        worker.close(sweep=False)
        (path,) = directory.glob("ledger-*.ndjson")
        lines = [json.loads(line) for line in path.read_text().splitlines() if line]
        lost = next(line["key"] for line in lines if line.get("operation") == "duplicateSchedule")
        kept = ("intent", "accepted") if answered else ("intent",)
        left = [line for line in lines if line.get("key") != lost or line["event"] in kept]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in left))
        assert there.snapshot() != there.before
        code, printed = swept(directory, there.file)
        assert (code, there.snapshot()) == (exit_codes.OK, there.before), printed


def test_target_file_without_the_system_of_a_leftover_sends_nothing(tmp_path: Path) -> None:
    with filled(tmp_path, 24) as there:
        left_behind(there, tmp_path / "run")
        state, whole = there.snapshot(), there.file.read_text()
        start = whole.index("[processmaker3]")
        there.file.write_text(whole[:start] + whole[whole.index("[processmaker4]") :])
        code, printed = swept(tmp_path / "run", there.file)
        assert (code, there.snapshot()) == (exit_codes.USAGE, state)
        assert "no [processmaker3]" in printed
        there.file.write_text(whole)
        assert swept(tmp_path / "run", there.file)[0] == exit_codes.OK
        assert there.snapshot() == there.before


@pytest.mark.parametrize("system", ["processmaker3", "procesio"])
def test_no_update_removes_the_mark_of_the_run(system: str, tmp_path: Path) -> None:
    """A run that is killed afterwards can be swept only if the updated resource can still be recognised."""
    with served(system) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        worker = Worker(load_target(tmp_path / "target.toml"), run=RUN)
        session, _ = worker.begin(system, ())
        named = 0
        for operation in load(system).operations.values():
            made_by = creator_of(load(system).operations, operation)
            if operation.effect != "update" or made_by is None or operation.body("application/json") is None:
                continue
            body = sampling.body(session, operation, "1")
            for touch in made_by.names:
                for value in at(body, touch.pointer):
                    named += 1
                    assert session.ledger.is_ours(value) or touch.no_blanks, operation.id
        worker.close(sweep=False)
    assert named
