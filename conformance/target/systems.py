"""The systems that a target may have: their tables in the target file. Nothing here is ever sent anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, PositiveInt, SecretStr, model_validator

from conformance.core.address import Address, checked_url
from conformance.core.hints import hint
from conformance.spec import specification
from conformance.target import bodies
from conformance.target.accommodation import Accommodation, accommodated
from conformance.target.accounts import (
    ApiKey,
    Application,
    User,
    Users,
)
from conformance.target.tables import (
    HeaderSecret,
    Secret,
    Table,
    Text,
)

PROFILES: Final[dict[str, tuple[str, ...]]] = {
    system: tuple(f"{system}/{group}" for group in groups.split())
    for system, groups in {
        "processmaker3": "projects oauth users departments roles groups pm-tables report-tables case-tracker"
        " cases input-documents output-documents case-notes",
        "processmaker4": "requests",
        "procesio": "authentication actions api-keys credentials data-types files projects resources schedules"
        " status version",
    }.items()
}
"""The profiles that a target can claim, by system; not every one has operations in every version."""


NAMES_NO_THING: Final = ("_variable", "_unsets", "_filesize", "_size")
"""How the keys of fixtures end that name nothing on the server."""

ELSEWHERE: Final = "token_url leads to another server, and the API documentation describes the target's own"
"""Why nothing is said of the operation that gives tokens."""


def _without_api(url: str) -> str:
    if "/api/1.0" in url:
        raise ValueError("already holds /api/1.0; leave that out, the suite adds it")
    return url


Url = Annotated[str, AfterValidator(checked_url)]
RootUrl = Annotated[Url, AfterValidator(_without_api)]


class Fixtures(Table):
    """What must be there already, because no documented operation creates it; each may be left out."""

    case: Text | None = None
    """A running case that the main user works on."""
    paused_case: Text | None = None
    """A paused case that the main user may see."""
    completed_case: Text | None = None
    """A completed case that the main user may see."""
    canceled_case: Text | None = None
    """A cancelled case that the main user may see."""
    paused_document: Text | None = None
    """An input document in `paused_case`, which the main user may see."""
    completed_document: Text | None = None
    """An input document in `completed_case`, which the main user may see."""
    canceled_document: Text | None = None
    """An input document in `canceled_case`, which the main user may see."""
    case_task: Text | None = None
    """The task at which `case` stands, to which uploads go."""
    trigger: Text | None = None
    """A trigger to execute in `case`."""
    trigger_unsets: Text | None = None
    """The variable that `trigger` unsets: one that `case` does not need."""
    number_variable: Text | None = None
    """The name of a variable of `case` that was entered into a field for numbers."""
    reassign_variable: Text | None = None
    """The name of a variable that a trigger sets when `case` is reassigned: never to the text `set by the suite`."""
    grid_variable: Text | None = None
    """The name of a grid of `case` that has rows."""
    query_variable: Text | None = None
    """The name of a variable of `case` that holds the result of a database query, with rows."""
    input_document: Text | None = None
    """An input document in `case`, which the main user may see and `outsider` may not."""
    output_document: Text | None = None
    """An output document in `case`, which the main user may see and `outsider` may not."""
    pm_table: Text | None = None
    """A PM table with rows, and with columns of numbers and booleans."""
    report_table: Text | None = None
    """A report table; accepted, for operations that later versions bring."""
    classic_process: Text | None = None
    """A process of the classic designer, of which a BPMN project can be made."""
    category: Text | None = None
    """A process category."""
    note_case: Text | None = None
    """A case whose notes the main user may read, `outsider` and `cases` not."""
    unassigned_case: Text | None = None
    """A case that nobody has claimed: the main user is assigned to its current task, `outsider` is not."""
    started_project: Text | None = None
    """A project with cases, which a batch of deletions must spare."""
    import_file: Path | None = None
    """A project file (.pmx) of the server's version, which is imported under a name and an identifier of the run's."""
    import_file_with_groups: Path | None = None
    """A project file (.pmx) that holds groups of users, which are imported under names of the run's."""
    upload_max_filesize: PositiveInt | None = None
    """The largest file that the server's PHP takes, in bytes."""
    post_max_size: PositiveInt | None = None
    """The largest request that the server's PHP takes, in bytes."""
    may_change: bool = False
    """Whether a run may change the fixtures."""

    @property
    def identifiers(self) -> frozenset[str]:
        """What names something on the server: not the names of variables, and not the sizes."""
        given = {key: one for key, one in self.model_dump().items() if not key.endswith(("_variable", "_unsets"))}
        return frozenset(value for value in given.values() if isinstance(value, str))


class System(Table):
    """What the tables of all three systems have. `bodies` holds request bodies by operation id."""

    system: ClassVar[str]
    version: Text | None = None
    """The version of the server; what the documents tell of later ones is then not applicable."""
    unsupported: tuple[Text, ...] = ()
    """Profiles and operation ids that the server does not claim to have."""
    bodies: dict[str, Any] = Field({}, repr=False)
    """Request bodies by operation id, used instead of the suite's own."""
    accommodations: tuple[Accommodation, ...] = ()
    """How operations must be called where the server departs from the documents."""

    @property
    def asks_as_documented(self) -> bool:
        """Whether the operation that gives tokens is where the tests of that operation can send."""
        return True

    @property
    def unasked(self) -> tuple[str, ...]:
        """The keys without which the tests of the operation that gives tokens have no login to ask with."""
        return ()

    def specification(self) -> specification.Specification:
        """The spec and register of the system, with the operations and bodies as the target must be called."""
        known = specification.load(self.system)
        known = replace(known, operations=bodies.given(known.operations, self.bodies))
        return accommodated(known, self.accommodations)

    @model_validator(mode="after")
    def _known_operations(self) -> System:
        known = self.specification().operations
        for name in self.bodies:
            if name not in known:
                raise ValueError(f"has the unknown operation {name!r} in `bodies`; {hint(name, known)}")
        return self

    def fixture(self, key: str) -> str:
        """What the table, or its `fixtures`, names under a key; empty when it names nothing."""
        found = getattr(self, key, None) or getattr(getattr(self, "fixtures", None), key, None)
        return "" if found is None else str(found)

    def gives(self, key: str) -> bool:
        """Whether the table, or its `fixtures`, names something under a key such as `case` or `users.outsider`."""
        first, *rest = key.split(".")
        found = [getattr(self, first, None) or getattr(getattr(self, "fixtures", None), first, None)]
        for name in rest:
            members = type(found[0]).model_fields if name == "*" and found[0] else [name]
            found = [getattr(one, member, None) for one in found for member in members]
        return any(one is not None for one in found)

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys under which nothing is named."""
        return [key for key in keys if not self.gives(key)]

    @property
    def things(self) -> dict[str, str]:
        """What names something on the server, by its key: not the names of variables, and not the sizes."""
        given = getattr(self, "fixtures", None)
        found = {"process_id": getattr(self, "process_id", None), **(given.model_dump() if given is not None else {})}
        return {
            key: str(value)
            for key, value in found.items()
            if value is not None and not isinstance(value, bool) and not key.endswith(NAMES_NO_THING)
        }

    @property
    def parameters(self) -> dict[str, str]:
        """The keys of fixtures by the path parameters that can show them, beside those that the spec tells."""
        return {}

    def shown_as(self, key: str) -> str:
        """The key under which the operations of the spec show what a key names: a paused case is a case."""
        return key

    @property
    def advice(self) -> str:
        """What else may be wrong where the server does not know what a key names; with a leading comma, or empty."""
        return ""

    def is_fixture(self, key: str) -> bool:
        """Whether what a key names is a thing on the target, not a user or a setting."""
        return key == "process_id" or ("." not in key and key not in type(self).model_fields)

    def place(self, key: str) -> str:
        """Where a key stands in the target file, as a message tells it: `[processmaker3.fixtures] case`."""
        first, _, rest = key.partition(".")
        if rest:
            return f"[{self.system}.{key}]"
        own = first in type(self).model_fields
        return f"[{self.system}] {key}" if own else f"[{self.system}.fixtures] {key}"

    @model_validator(mode="after")
    def _known_profiles(self) -> System:
        known, operations = PROFILES[self.system], self.specification().operations
        for entry in self.unsupported:
            if "/" in entry and " " not in entry and entry not in known:
                raise ValueError(f"has the unknown profile {entry!r} in `unsupported`; {hint(entry, known)}")
            if "/" not in entry and entry not in operations:
                raise ValueError(f"has the unknown operation {entry!r} in `unsupported`; {hint(entry, operations)}")
        return self


class ProcessMaker3(System):
    """The table `processmaker3`."""

    system: ClassVar[str] = "processmaker3"
    url: RootUrl
    """Where the server is, without `/api/1.0`."""
    workspace: Text
    """The workspace to work in."""
    client_id: Text | None = None
    """The application that asks for tokens; needed unless there is an `access_token`."""
    client_secret: Secret | None = None
    """The secret of that application."""
    username: Text | None = None
    """The main user, who has the permission PM_FACTORY; needed unless there is an `access_token`."""
    password: Secret | None = None
    """That user's password."""
    access_token: HeaderSecret | None = None
    """A token of the main user, where nobody logs in with a password (single sign-on); it must last for the run."""
    token_url: Url | None = None
    """The whole URL where tokens are requested, if that is not `/{workspace}/oauth2/token` below `url`."""
    users: Users = Users()
    """Further accounts, for what somebody may not do."""
    application: Application | None = None
    """An application that is registered for no user yet."""
    fixtures: Fixtures = Fixtures()
    """What must be on the server already."""

    @model_validator(mode="after")
    def _whole_login(self) -> ProcessMaker3:
        login = ("client_id", "client_secret", "username", "password")
        absent = _absent(self, login)
        if absent and (self.access_token is None or len(absent) < len(login)):
            raise ValueError(f"lacks {', '.join(absent)}; {_add(absent)}, or access_token = … in place of all four")
        for name, user in self.users:
            if user is not None and user.asks and not (user.client_id or self.client_id):
                raise ValueError(
                    f"has users.{name} without a client; add client_id = … and client_secret = … under "
                    f"[processmaker3.users.{name}]"
                )
        return self

    @property
    def parameters(self) -> dict[str, str]:
        """Documents are shown by a path of their own, projects by theirs."""
        return {"app_doc_uid": "input_document", "prj_uid": "started_project"}

    def shown_as(self, key: str) -> str:
        """A case in whatever state is shown as a case."""
        return "case" if key.endswith("_case") and key != "note_case" else key

    @property
    def asks_as_documented(self) -> bool:
        """Whether tokens come from this very server."""
        return self.token_url is None or self.token_url.endswith(f"/{self.workspace}/oauth2/token")

    @property
    def unasked(self) -> tuple[str, ...]:
        """The keys without which the main user asks for no token."""
        return tuple(_absent(self, ("client_id", "client_secret", "username", "password")))


class ProcessMaker4(System):
    """The table `processmaker4`."""

    system: ClassVar[str] = "processmaker4"
    url: RootUrl
    """Where the server is, without `/api/1.0`."""
    access_token: HeaderSecret | None = None
    """A token of a user who may start the process; needed unless there is a `token_url`."""
    token_url: Url | None = None
    """The whole URL where tokens are requested, such as `https://pm4.example.com/oauth/token`."""
    client_id: Text | None = None
    """The application that asks for tokens; needed beside `token_url`."""
    client_secret: Secret | None = None
    """The secret of that application."""
    refresh_token: Secret | None = None
    """What gives the first token; without it, and without an `access_token`, the client's credentials do."""
    process_id: PositiveInt
    """A process with one start event; the run starts Requests of it."""
    other_process_id: PositiveInt | None = None
    """Another such process, which the same request data start: it shows that the path selects the process."""
    request_data: dict[str, Any] = Field({}, repr=False)
    """What a Request is started with."""

    @property
    def advice(self) -> str:
        """A server that wants the start event answers a call that names none as one for a process that is not there."""
        if any(one.operation == "startRequest" or "process_events" in one.operation for one in self.accommodations):
            return ""
        return (
            ", or, if the process is there, name its start event: an accommodation of startRequest with "
            'query = { event = "node_1" }, where node_1 is the id of the start event in the BPMN of the process'
        )

    @model_validator(mode="after")
    def _whole_login(self) -> ProcessMaker4:
        if self.access_token is None and self.token_url is None:
            told = "or token_url = … with client_id and client_secret or refresh_token"
            raise ValueError(f"lacks access_token; add access_token = …, {told}")
        if self.token_url is None and (extra := _present(self, ("client_id", "client_secret", "refresh_token"))):
            raise ValueError(f"has {', '.join(extra)} and does not say where they get a token; add token_url = …")
        if self.token_url is not None and (self.refresh_token is None or self.client_id is None):
            absent = _absent(self, ("client_id", "client_secret"))
            if absent:
                raise ValueError(f"has token_url and lacks {', '.join(absent)}; {_add(absent)}")
        return self


class ProcesioFixtures(Table):
    """What must be there already in PROCESIO's workspace; each may be left out."""

    credential_template: Text | None = None
    """The id of a credential template whose credentials and verbs are asked for."""
    credential_type: Text | None = None
    """The id of a credential type whose data are asked for."""
    may_change: bool = False
    """Whether a run may change the fixtures."""


class Procesio(System):
    """The table `procesio`."""

    system: ClassVar[str] = "procesio"
    proxy_url: Url | None = None
    """Where the proxy is, which gives tokens; needed unless there is a `token_url`, or an API key and no user."""
    web_url: Url
    """Where the Web API is."""
    token_url: Url | None = None
    """The whole URL where tokens are requested, if that is not `/api/Authentication` below `proxy_url`."""
    realm: Text | None = None
    """The realm of the users."""
    username: Text | None = None
    """Who logs in; may be left out where there is an API key."""
    password: Secret | None = None
    """That user's password."""
    client_id: Text | None = None
    """The client that asks for tokens."""
    client_secret: SecretStr = SecretStr("")
    """The secret of that client, if it has one."""
    workspace_id: Annotated[Text, Field(pattern=r"^[\x21-\x7e]+$")] | None = None
    """The workspace to work in; sent in the header field `workspaceId` beside an API key and beside a token."""
    process_id: Text | None = None
    """A process that may be published and run."""
    payload: dict[str, Any] = Field({}, repr=False)
    """What that process is run with."""
    api_key: ApiKey | None = None
    """An API key; tried when `workspace_id` is there too."""
    fixtures: ProcesioFixtures = ProcesioFixtures()
    """What must be in the workspace already."""

    @model_validator(mode="after")
    def _whole_login(self) -> Procesio:
        login = ("realm", "username", "password", "client_id")
        if self.key_alone:
            if self.api_key is None:
                raise ValueError(f"lacks {', '.join(login)}; {_add(login)}, or a table [procesio.api_key]")
            if self.workspace_id is None:
                raise ValueError("has an API key alone and lacks workspace_id; add workspace_id = …")
            return self
        if absent := _absent(self, login):
            raise ValueError(f"lacks {', '.join(absent)}; {_add(absent)}")
        if self.proxy_url is None and self.token_url is None:
            raise ValueError("lacks proxy_url; add proxy_url = …, or token_url = … for another place that gives tokens")
        return self

    @property
    def key_alone(self) -> bool:
        """Whether there is no user, so that every call is made with the API key."""
        return not _present(self, ("realm", "username", "password", "client_id", "token_url"))

    @property
    def asks_as_documented(self) -> bool:
        """Whether there is a Proxy API to authenticate at."""
        return self.proxy_url is not None or (self.token_url or "").endswith("/api/Authentication")

    @property
    def unasked(self) -> tuple[str, ...]:
        """The keys without which nobody asks for a token."""
        return tuple(_absent(self, ("realm", "username", "password", "client_id")))


def _absent(table: Table, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if getattr(table, key) is None]


def _present(table: Table, keys: Iterable[str]) -> list[str]:
    return [key for key in keys if getattr(table, key) is not None]


def _add(keys: Iterable[str]) -> str:
    return f"add {' and '.join(f'{key} = …' for key in keys)}"


def urls(table: System) -> dict[str, str]:
    """The URLs of a system by their key: `url`, or `proxy_url` and `web_url`, and `token_url`."""
    keys = ("url", "proxy_url", "web_url", "token_url")
    return {key: url for key in keys if (url := getattr(table, key, None)) is not None}


def identity(table: System) -> dict[str, str]:
    """What says which server a table names, whoever logs in there: its URLs, and the workspace."""
    known = {key: Address.of(url) for key, url in urls(table).items() if key != "token_url"}
    places = {key: f"{one.origin}{one.path.decode('ascii')}" for key, one in known.items()}
    workspace = getattr(table, "workspace", None) or getattr(table, "workspace_id", None)
    return {**places, **({"workspace": workspace} if workspace else {})}


TABLES: Final[dict[str, type[System]]] = {one.system: one for one in (ProcessMaker3, ProcessMaker4, Procesio)}
"""The tables by the system that they describe."""


def keys(table: type[System]) -> frozenset[str]:
    """What a spec may say that a call needs (`System.gives`): keys of a table, of its fixtures and of its users."""
    own, fixtures = set(table.model_fields), table.model_fields.get("fixtures")
    held = fixtures.annotation if fixtures is not None else None
    found = own | (set(held.model_fields) if isinstance(held, type) and issubclass(held, Table) else set())
    if "users" in own:
        found |= {f"users.{name}" for name in Users.model_fields}
        found |= {f"users.{name}.{key}" for name in (*Users.model_fields, "*") for key in User.model_fields}
    return frozenset(found)
