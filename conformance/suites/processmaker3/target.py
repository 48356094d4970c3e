"""Target: the table `processmaker3` of the target file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from conformance.core.json_walk import objects
from conformance.suites.processmaker3.accounts import Application, User, Users
from conformance.target.system_table import SystemTable, Url, absent, add, without
from conformance.target.tables import Secret, Segment, Table, Text, Token

RootUrl = Annotated[Url, AfterValidator(without("/api/1.0"))]
OTHER_STATES: Final = ("paused_case", "completed_case", "canceled_case")
OVER: Final = ("completed_case", "canceled_case")
LOGIN: Final = ("client_id", "client_secret", "username", "password")


class Fixtures(Table):
    """What must already exist, because no documented operation creates it. Every key is optional."""

    case: Segment | None = None
    """A running case that the main user works on."""
    paused_case: Segment | None = None
    """A paused case that the main user can see."""
    completed_case: Segment | None = None
    """A completed case that the main user can see."""
    canceled_case: Segment | None = None
    """A cancelled case that the main user can see."""
    paused_document: Segment | None = None
    """An input document in `paused_case`, which the main user can see."""
    completed_document: Segment | None = None
    """An input document in `completed_case`, which the main user can see."""
    canceled_document: Segment | None = None
    """An input document in `canceled_case`, which the main user can see."""
    paused_variable: Text | None = None
    """The name of a variable of `paused_case` that has a value."""
    completed_variable: Text | None = None
    """The name of a variable of `completed_case` that has a value."""
    canceled_variable: Text | None = None
    """The name of a variable of `canceled_case` that has a value."""
    case_task: Segment | None = None
    """The current task of `case`, to which files are uploaded."""
    trigger: Segment | None = None
    """A trigger to execute in `case`."""
    trigger_unsets: Text | None = None
    """The variable that `trigger` unsets, which `case` must not need."""
    number_variable: Text | None = None
    """The name of a variable of `case` that was entered into a field for numbers."""
    reassign_variable: Text | None = None
    """The name of a variable that a trigger sets when `case` is reassigned, but not to `set by the suite`."""
    grid_variable: Text | None = None
    """The name of a grid of `case` that has rows."""
    query_variable: Text | None = None
    """The name of a variable of `case` with the result of a database query that has rows."""
    input_document: Segment | None = None
    """An input document in `case`, which the main user can see and `outsider` cannot."""
    output_document: Segment | None = None
    """An output document in `case`, which the main user can see and `outsider` cannot."""
    pm_table: Segment | None = None
    """A PM table with rows, and with columns of numbers and booleans."""
    report_table: Segment | None = None
    """A report table; reserved for operations of later versions."""
    classic_process: Segment | None = None
    """A process of the classic designer, from which a BPMN project can be generated."""
    category: Segment | None = None
    """A process category."""
    note_case: Segment | None = None
    """A case whose notes the main user can read, and `outsider` and `cases` cannot."""
    unassigned_case: Segment | None = None
    """A case that nobody has claimed: the main user is assigned to its current task, `outsider` is not."""
    started_project: Segment | None = None
    """A project with cases, which a bulk deletion must keep."""
    import_file: Path | None = Field(default=None, examples=["MyProject.pmx"])
    """A project file (.pmx) of the server's version. The run imports it with its own name and identifier."""
    import_file_with_groups: Path | None = Field(default=None, examples=["WithGroups.pmx"])
    """A project file (.pmx) with groups of users. The run gives the groups its own names."""
    upload_max_filesize: PositiveInt | None = Field(default=None, examples=[2097152])
    """The largest file that the server's PHP accepts, in bytes."""
    post_max_size: PositiveInt | None = Field(default=None, examples=[8388608])
    """The largest request that the server's PHP accepts, in bytes."""
    may_change: bool = False
    """Whether a run may change the fixtures."""

    @model_validator(mode="after")
    def _different_cases(self) -> Fixtures:
        taken: dict[str, str] = {}
        for key in ("case", *OTHER_STATES, "unassigned_case"):
            value = getattr(self, key)
            if value is not None and taken.setdefault(value, key) != key:
                raise ValueError(f"has the same case in {taken[value]} and {key}; name two cases")
        return self


def described(body: Any) -> dict[str, Any]:
    """What a response says of a case: the first object with a status; empty where there is none."""
    return next((item for item in objects(body) if isinstance(item.get("app_status"), str)), {})


class ProcessMaker3(SystemTable):
    """The table `processmaker3`."""

    system: ClassVar[str] = "processmaker3"
    told_apart: ClassVar[tuple[str, ...]] = ("case", *OVER)
    settings: ClassVar[tuple[str, ...]] = ("_variable", "_unsets", "_filesize", "_size")
    asked: ClassVar[tuple[str, ...]] = ("url", "workspace", *LOGIN)

    url: RootUrl
    """The URL of the server, without `/api/1.0`."""
    workspace: Segment
    """The workspace."""
    client_id: Text | None = None
    """The application that requests tokens; required unless there is an `access_token`."""
    client_secret: Secret | None = None
    """The secret of that application."""
    username: Text | None = None
    """The main user, who has the permission PM_FACTORY; required unless there is an `access_token`."""
    password: Secret | None = None
    """That user's password."""
    access_token: Token | None = None
    """A token of the main user, for single sign-on without a password. It must be valid for the whole run."""
    token_url: Url | None = None
    """The full URL where tokens are requested, if that is not `/{workspace}/oauth2/token` below `url`."""
    users: Users = Users()
    """Further accounts, to test what a user must not be able to do."""
    application: Application | None = None
    """An application that no user has registered."""
    fixtures: Fixtures = Fixtures()
    """What must already exist on the server."""

    @model_validator(mode="after")
    def _whole_login(self) -> ProcessMaker3:
        lacking = absent(self, LOGIN)
        if lacking and (self.access_token is None or len(lacking) < len(LOGIN)):
            raise ValueError(f"lacks {', '.join(lacking)}; {add(lacking)}, or access_token = … in place of all four")
        for name, user in self.users:
            if user is not None and user.asks and not (user.client_id or self.client_id):
                raise ValueError(
                    f"has users.{name} without a client; add client_id = … and client_secret = … under "
                    f"[processmaker3.users.{name}]"
                )
        return self

    @model_validator(mode="after")
    def _different_users(self) -> ProcessMaker3:
        names = {name: user.username.casefold() for name, user in self.users if user and user.username}
        main = self.username.casefold() if self.username else None
        for name, username in names.items():
            if username == main:
                raise ValueError(f"has the same username in users.{name} as above; {name} must be another user")
        if "cases" in names and names["cases"] == names.get("outsider"):
            raise ValueError("has the same username in users.outsider and users.cases; they must be two users")
        return self

    @property
    def constants(self) -> dict[str, str]:
        """The workspace, in the path of every request."""
        return {"workspace": self.workspace}

    @property
    def tenant(self) -> dict[str, str]:
        """The workspace: a server has several independent ones."""
        return {"workspace": self.workspace}

    @property
    def login(self) -> str:
        """The name of the main user, or where the user comes from."""
        return self.username or "the owner of access_token"

    def account(self, user: str) -> dict[str, str] | None:
        """The parameters of a user's token request without grant type and scope; None if the user cannot request
        one.

        The main user has the empty name.
        """
        account: ProcessMaker3 | User | None = getattr(self.users, user, None) if user else self
        client_secret = (account.client_secret if account else None) or self.client_secret
        if account is None or client_secret is None or account.username is None or account.password is None:
            return None
        return {
            "client_id": account.client_id or self.client_id or "",
            "client_secret": client_secret.get_secret_value(),
            "username": account.username,
            "password": account.password.get_secret_value(),
        }

    @property
    def derived_secrets(self) -> dict[str, str]:
        """The HTTP Basic credentials of the client of each user."""
        secrets: dict[str, str] = {}
        for user in ("", *Users.model_fields):
            if account := self.account(user):
                encoded = base64.b64encode(f"{account['client_id']}:{account['client_secret']}".encode()).decode()
                secrets.setdefault(f"PM3{'_' + user.upper() if user else ''}_CLIENT_BASIC", encoded)
        return secrets

    @property
    def parameters(self) -> dict[str, str]:
        """Documents and projects are shown by their own paths."""
        return {"app_doc_uid": "input_document", "prj_uid": "started_project"}

    def shown_as(self, key: str) -> str:
        """A case in whatever state is shown as a case, and a document in it as a document."""
        if key.endswith("_document") and key != "output_document":
            return "input_document"
        return "case" if key.endswith("_case") and key != "note_case" else key

    def misfit(self, key: str, body_of: Callable[[str], Any]) -> str:
        """A case that is over though it should run, or the reverse: by its status and by its current task together."""
        mine = described(body_of(key))
        runs = bool(mine.get("current_task"))
        if not mine or key not in self.told_apart or runs == (key == "case"):
            return ""
        for other in OVER if key == "case" else ("case",):
            its = described(body_of(other))
            if its and its["app_status"] == mine["app_status"] and bool(its.get("current_task")) == runs:
                task = "a current task" if runs else "no current task"
                return f"shows {task}, and the app_status of {other} ({mine['app_status']!r})"
        return ""

    def beside(self, key: str) -> dict[str, str]:
        """A document in a case in another state is read there."""
        state, _, kind = key.partition("_")
        return {"case": f"{state}_case"} if kind == "document" and f"{state}_case" in Fixtures.model_fields else {}

    @property
    def asks_as_documented(self) -> bool:
        """Whether tokens come from this server."""
        return self.token_url is None or self.token_url.endswith(f"/{self.workspace}/oauth2/token")

    @property
    def unasked(self) -> tuple[str, ...]:
        """The keys that the main user needs to request a token."""
        return tuple(absent(self, LOGIN))
