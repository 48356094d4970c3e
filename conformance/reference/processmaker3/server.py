"""The reference of ProcessMaker 3: its areas put together, with users and fixtures that fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from conformance.reference.base import Reference
from conformance.reference.processmaker3 import case_fixtures, faults, liberal  # noqa: F401 - register faults and personality
from conformance.reference.processmaker3.case_documents import CaseDocuments
from conformance.reference.processmaker3.case_tracker import CaseTracker
from conformance.reference.processmaker3.cases import Cases
from conformance.reference.processmaker3.directory import Directory
from conformance.reference.processmaker3.importing import Importer
from conformance.reference.processmaker3.oauth import SPARE, Account, Accounts
from conformance.reference.processmaker3.people import Department, People
from conformance.reference.processmaker3.routes import Projects, Routes
from conformance.reference.processmaker3.state import Workspace
from conformance.reference.processmaker3.tables import Table, Tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from conformance.reference.processmaker3.state import Project

FILES: Final = Path(__file__).parent
WORKSPACE: Final = "workflow"
VERSION: Final = "3.2.2"
TOKEN_PATHS: Final = {"token-url": f"/{WORKSPACE}/oauth2/token", "sign-on": "/sign-on/token"}
CATEGORY: Final = "c0000000000000000000000000000001"
CLASSIC: Final = "a0000000000000000000000000000001"
STARTED: Final = "b0000000000000000000000000000001"
_GROUP: Final = "d0000000000000000000000000000001"

ADMIN: Final = Account(
    "00000000000000000000000000000001",
    "admin",
    "admin-password",
    frozenset({"PM_FACTORY", "PM_CASES", "PM_REASSIGNCASE", "PM_USERS", "PM_SETUP", "PM_LOGIN"}),
    "ADMINCLIENTADMINCLIENTADMINCLIEN",
    "admin-client-secret",
)
CLERK: Final = Account(
    "00000000000000000000000000000002",
    "clerk",
    "clerk-password",
    frozenset({"PM_LOGIN"}),
    "CLERKCLIENTCLERKCLIENTCLERKCLIEN",
    "clerk-client-secret",
)
CASES: Final = Account(
    "00000000000000000000000000000003",
    "caseworker",
    "caseworker-password",
    frozenset({"PM_LOGIN", "PM_CASES"}),
    "CASESCLIENTCASESCLIENTCASESCLIEN",
    "cases-client-secret",
)
SUPERVISOR: Final = Account(
    "00000000000000000000000000000004",
    "supervisor",
    "supervisor-password",
    frozenset({"PM_LOGIN", "PM_CASES", "PM_SUPERVISOR"}),
    "SUPERVISORCLIENTSUPERVISORCLIENT",
    "supervisor-client-secret",
)
VISITOR: Final = Account(
    "00000000000000000000000000000005",
    "visitor",
    "visitor-password",
    frozenset({"PM_LOGIN"}),
    "VISITORCLIENTVISITORCLIENTVISITO",
    "visitor-client-secret",
)
ABSENTEE: Final = Account(
    "00000000000000000000000000000006",
    "absentee",
    "absentee-password",
    frozenset({"PM_LOGIN", "PM_CASES"}),
    "ABSENTEECLIENTABSENTEECLIENTABSE",
    "absentee-client-secret",
)
ACCOUNTS: Final = (ADMIN, CLERK, CASES, SUPERVISOR, VISITOR, ABSENTEE)
FURTHER: Final = {
    "outsider": CLERK,
    "cases": CASES,
    "supervisor": SUPERVISOR,
    "adhoc": VISITOR,
    "viewer": VISITOR,
    "inactive": ABSENTEE,
}
"""The further users of the target file."""
OFFICE: Final = Department("d1000000000000000000000000000001", "Head office", parent="", status="ACTIVE")
CONTRACTS: Final = Table(
    "f0000000000000000000000000000001",
    "CONTRACTS",
    "Suppliers and what they agreed to",
    {"ID": "INTEGER", "NAME": "VARCHAR", "AMOUNT": "DOUBLE", "HAS_CONTRACT": "BOOLEAN", "SIGNED": "DATE"},
    [
        {"ID": 7, "NAME": "Müller & Söhne", "AMOUNT": 1250.5, "HAS_CONTRACT": True, "SIGNED": "2021-04-30"},
        {"ID": 12, "NAME": "Peña", "AMOUNT": 0.25, "HAS_CONTRACT": False, "SIGNED": None},
    ],
)
REPORT: Final = Table(
    "f0000000000000000000000000000002",
    "REPORT_APPROVALS",
    "What the approvals say",
    {"APP_UID": "VARCHAR", "APP_NUMBER": "INTEGER", "APPROVED": "BOOLEAN"},
    [{"APP_UID": "f1" * 16, "APP_NUMBER": 31, "APPROVED": True}],
)
_BOX: Final = {"bou_x": 300, "bou_width": 160, "bou_height": 40}
_LINE: Final = {
    "flo_type": "SEQUENCE",
    "flo_name": "",
    "flo_condition": "",
    "flo_is_inmediate": 1,
    "flo_x1": 380,
    "flo_x2": 380,
}
_DIAGRAM: Final[dict[str, Any]] = {
    "activities": [{"act_uid": "task", "act_name": "Approve", "act_type": "TASK", "bou_y": 120, **_BOX}],
    "events": [
        {"evn_uid": "start", "evn_name": "Asked", "evn_type": "START", "evn_marker": "EMPTY", "bou_y": 20, **_BOX},
        {"evn_uid": "end", "evn_name": "Answered", "evn_type": "END", "evn_marker": "EMPTY", "bou_y": 220, **_BOX},
    ],
    "flows": [
        {
            "flo_element_origin": "start",
            "flo_element_origin_type": "bpmnEvent",
            "flo_element_dest": "task",
            "flo_element_dest_type": "bpmnActivity",
            "flo_y1": 60,
            "flo_y2": 120,
            **_LINE,
        },
        {
            "flo_element_origin": "task",
            "flo_element_origin_type": "bpmnActivity",
            "flo_element_dest": "end",
            "flo_element_dest_type": "bpmnEvent",
            "flo_y1": 160,
            "flo_y2": 220,
            **_LINE,
        },
    ],
}


class ProcessMaker3(Reference):
    """A ProcessMaker 3 server: `workspace` holds its projects, `accounts` its users; `routes` is its app."""

    system: ClassVar[str] = "processmaker3"
    demonstrated: ClassVar[tuple[str, ...]] = ("pm3-update-ignored",)
    logins: ClassVar[Mapping[str, str]] = {
        "access-token": "the main user has a token and no password, as with single sign-on",
        "token-url": "tokens come from another host",
        "tokens-only": "every user has a token and none a password, as with single sign-on",
        "sign-on": "the main user has a token, the others get theirs from a server at another path and host",
    }

    def start(self) -> dict[str, ASGIApp]:
        """Make the fixtures and the app."""
        self.workspace = Workspace(self.clock)
        self.accounts = Accounts(ACCOUNTS, self.clock)
        self.importer = Importer(self.workspace)
        self.projects = Projects(WORKSPACE, self.workspace, self.importer)
        self.people = People(self.accounts, ACCOUNTS, self.workspace.groups)
        self.people.departments[OFFICE.uid] = OFFICE
        self.people.users[ABSENTEE.uid].status = "VACATION"
        self.people.members[_GROUP] = [ADMIN.uid, ABSENTEE.uid]
        self.tables = Tables()
        self.tables.add(CONTRACTS)
        self.tables.add(REPORT)
        self.casebook = case_fixtures.casebook(ADMIN.uid, CASES.uid, SUPERVISOR.uid, VISITOR.uid)
        self.cases = Cases(self.casebook)
        self.case_documents = CaseDocuments(self.casebook)
        self.case_tracker = CaseTracker(self.workspace)
        of_cases = (self.cases, self.case_documents, self.case_tracker)
        areas = (self.projects, Directory(self.people), self.tables, *of_cases)
        self.routes = Routes(WORKSPACE, self.accounts, areas)
        self._fixture(CLASSIC, {"prj_name": "Classic purchase", "prj_type": "NORMAL"})
        started = self._fixture(STARTED, {"prj_name": "Running approval", "diagrams": [_DIAGRAM]})
        started.cases = 1
        self.workspace.groups[_GROUP] = "Approvers"
        started.groups.append(_GROUP)
        if self.login in TOKEN_PATHS:
            return {"url": self.routes.app, "token_url": self.routes.move_tokens(TOKEN_PATHS[self.login])}
        return {"url": self.routes.app}

    def _fixture(self, uid: str, data: dict[str, Any]) -> Project:
        """A project that is there from the start, under an identifier that is the same in every run."""
        data = {"prj_description": "Part of every new server.", "prj_category": CATEGORY, **data}
        project = self.workspace.create(data, ADMIN.uid)
        del self.workspace.projects[project.uid]
        project.uid = project.process["pro_uid"] = uid
        for diagram in project.diagrams:
            diagram["prj_uid"] = uid
        return self.workspace.add(project)

    def target(self, urls: dict[str, str]) -> dict[str, Any]:
        """The table `processmaker3` of a target file."""
        signed_on = self.login in ("access-token", "tokens-only", "sign-on")
        given = {"access_token": self.accounts.issue(ADMIN)} if signed_on else {}
        asked = {"token_url": urls["token_url"] + TOKEN_PATHS[self.login]} if self.login in TOKEN_PATHS else {}
        return {
            "url": urls["url"],
            "workspace": WORKSPACE,
            **asked,
            **(given or _credentials(ADMIN)),
            "version": VERSION,
            "users": {
                name: {"access_token": self.accounts.issue(account)}
                if self.login == "tokens-only"
                else _credentials(account)
                for name, account in FURTHER.items()
            },
            "application": {"client_id": SPARE[0], "client_secret": SPARE[1]},
            "fixtures": {
                "classic_process": CLASSIC,
                "category": CATEGORY,
                "started_project": STARTED,
                "pm_table": CONTRACTS.uid,
                "report_table": REPORT.uid,
                "import_file": str(FILES / "purchase.pmx"),
                "import_file_with_groups": str(FILES / "approval.pmx"),
                **case_fixtures.FIXTURES,
            },
            "bodies": case_fixtures.bodies(ADMIN.uid),
        }

    def snapshot(self) -> dict[str, Any]:
        """Projects and groups, people, tables, and cases."""
        return {
            **self.workspace.snapshot(),
            **self.people.snapshot(),
            "tables": self.tables.snapshot(),
            "cases": self.casebook.snapshot(),
        }

    def residue(self) -> dict[str, int]:
        """The tokens that were given."""
        return {"tokens": self.accounts.given}


def _credentials(account: Account) -> dict[str, str]:
    return {
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "username": account.username,
        "password": account.password,
    }
