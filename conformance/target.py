"""Target: the server under test, as its TOML file describes it. Nothing here is ever sent anywhere."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from conformance import specification
from conformance.accommodation import Accommodation, accommodated
from conformance.tables import HeaderSecret, Place, Reader, Secret, Table, Text, header_names
from conformance.tables import TargetError as TargetError
from conformance.tables import hint as hint

SYSTEMS: Final = ("processmaker3", "processmaker4", "procesio")

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


class Safety(StrEnum):
    """How far a run may go: only read, change only what it made, or destroy the whole instance."""

    READ_ONLY = "read-only"
    OWNED = "owned"
    DISPOSABLE = "disposable"


def duration(text: object) -> float:
    """Seconds of a duration such as "90s", "20m", "1h30m", or a plain number of seconds.

    Raises:
        ValueError: it is none, or it is not longer than nothing.
    """
    match = re.fullmatch(
        r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", "" if isinstance(text, bool) else str(text).strip()
    )
    hours, minutes, seconds = (float(part or 0) for part in match.groups()) if match else (0.0, 0.0, 0.0)
    total = hours * 3600 + minutes * 60 + seconds
    if not 0 < total < math.inf:
        raise ValueError('is no duration; write it like "90s", "20m" or "1h30m"')
    return total


def _checked_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises ValueError when the port is none
    except ValueError:
        raise ValueError("is no URL; write it like http://host:8080") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\\]", text):
        raise ValueError("is no http or https URL with a host; write it like http://host:8080")
    if "@" in parts.netloc:
        raise ValueError("holds a user name or password; give these under their own keys")
    if "?" in text or "#" in text:
        raise ValueError("holds a query or fragment; end it with the path")
    return text.rstrip("/")


def _without_api(url: str) -> str:
    if "/api/1.0" in url:
        raise ValueError("already holds /api/1.0; leave that out, the suite adds it")
    return url


def _checked_proxy(secret: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(secret.get_secret_value())
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ValueError("is no http or https URL with a host; write it like http://proxy:3128")
    return secret


Url = Annotated[str, AfterValidator(_checked_url)]
RootUrl = Annotated[Url, AfterValidator(_without_api)]


class User(Table):
    """A further account of ProcessMaker 3, with a client of its own or with that of the table."""

    username: Text
    """Who logs in."""
    password: Secret
    """That user's password."""
    client_id: Text | None = None
    """The application that asks for the token, where it is not that of the table."""
    client_secret: Secret | None = None
    """The secret of that application."""

    @model_validator(mode="after")
    def _whole_client(self) -> User:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("has only one of client_id and client_secret; give both or none")
        return self


class Application(Table):
    """An application that is registered for no user yet: with it, a user whom the run creates can log in."""

    client_id: Text
    """Its identifier."""
    client_secret: Secret
    """Its secret."""


class Users(Table):
    """The accounts by what they may do; each may be left out."""

    outsider: User | None = None
    """Has neither PM_FACTORY nor PM_CASES."""
    cases: User | None = None
    """Has PM_CASES and not PM_FACTORY."""
    supervisor: User | None = None
    """A process supervisor of the process of `case`, with access to its input documents."""
    adhoc: User | None = None
    """An ad hoc user of the current task of `unassigned_case`."""
    viewer: User | None = None
    """Has the process permission to see the task of `input_document`."""


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
    case_task: Text | None = None
    """The task at which `case` stands, to which uploads go."""
    trigger: Text | None = None
    """A trigger to execute in `case`."""
    trigger_unsets: Text | None = None
    """The variable that `trigger` unsets: one that `case` does not need."""
    number_variable: Text | None = None
    """The name of a variable of `case` that was entered into a field for numbers."""
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

    def specification(self) -> specification.Specification:
        """The spec and register of the system, with the operations as the target must be called."""
        return accommodated(specification.load(self.system), self.accommodations)

    @model_validator(mode="after")
    def _known_operations(self) -> System:
        self.specification()
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
        known = PROFILES[self.system]
        for entry in self.unsupported:
            if "/" in entry and " " not in entry and entry not in known:
                raise ValueError(f"has the unknown profile {entry!r} in `unsupported`; {hint(entry, known)}")
        return self


class ProcessMaker3(System):
    """The table `processmaker3`."""

    system: ClassVar[str] = "processmaker3"
    url: RootUrl
    """Where the server is, without `/api/1.0`."""
    workspace: Text
    """The workspace to work in."""
    client_id: Text
    """The application that asks for tokens."""
    client_secret: Secret
    """The secret of that application."""
    username: Text
    """The main user, who has the permission PM_FACTORY."""
    password: Secret
    """That user's password."""
    users: Users = Users()
    """Further accounts, for what somebody may not do."""
    application: Application | None = None
    """An application that is registered for no user yet."""
    fixtures: Fixtures = Fixtures()
    """What must be on the server already."""


class ProcessMaker4(System):
    """The table `processmaker4`."""

    system: ClassVar[str] = "processmaker4"
    url: RootUrl
    """Where the server is, without `/api/1.0`."""
    access_token: HeaderSecret
    """A token of a user who may start the process."""
    process_id: PositiveInt
    """A process with one start event; the run starts Requests of it."""
    request_data: dict[str, Any] = Field({}, repr=False)
    """What a Request is started with."""


class ApiKey(Table):
    """An API key of PROCESIO's Web API."""

    name: Annotated[Text, Field(pattern=r"^[\x20-\x7e]+$")]
    """Its name."""
    value: HeaderSecret
    """The key itself."""


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
    proxy_url: Url
    """Where the proxy is, which gives tokens."""
    web_url: Url
    """Where the Web API is."""
    realm: Text
    """The realm of the users."""
    username: Text
    """Who logs in."""
    password: Secret
    """That user's password."""
    client_id: Text
    """The client that asks for tokens."""
    client_secret: SecretStr = SecretStr("")
    """The secret of that client, if it has one."""
    workspace_id: Text | None = None
    """The workspace to work in."""
    process_id: Text | None = None
    """A process that may be published and run."""
    payload: dict[str, Any] = Field({}, repr=False)
    """What that process is run with."""
    api_key: ApiKey | None = None
    """An API key; tried when `workspace_id` is there too."""
    fixtures: ProcesioFixtures = ProcesioFixtures()
    """What must be in the workspace already."""


class Network(Table):
    """How to reach the target. A proxy's URL may hold credentials and a header a token: both count as secrets."""

    proxy: Annotated[SecretStr, AfterValidator(_checked_proxy)] | None = None
    """The HTTP proxy; else the one that the environment names."""
    ca_file: Path | None = None
    """Certificates to trust, in PEM."""
    verify: bool = True
    """Whether certificates are checked; that they are not is shown in every report."""
    headers: Annotated[dict[str, HeaderSecret], AfterValidator(header_names)] = Field(default={})
    """Header fields to send with every request."""


class Limits(Table):
    """Limits of a whole run. Without `in_flight` it is four, and one for PROCESIO's Projects; times in seconds."""

    requests_per_second: PositiveFloat | None = None
    """Never faster than this."""
    in_flight: PositiveInt | None = None
    """Calls under way at once, so at most this many workers."""
    request_timeout: PositiveFloat = 30.0
    """Seconds for one call, its body included."""
    time_budget: Annotated[float, BeforeValidator(duration)] | None = None
    """Start nothing new after this time."""
    open_resources: NonNegativeInt = 50
    """Never more things of the run's own on the server than this."""
    executions: NonNegativeInt = 20
    """Never start more Requests, instances and processes than this."""


class SafetyTable(Table):
    """The table `safety`."""

    level: Safety = Safety.OWNED
    """What a run may change: nothing; what it created; anything."""


class Target(Table):
    """What stands above all tables."""

    name: Text
    """The name of the target, shown in every report."""
    settle: NonNegativeFloat = 5.0
    """Seconds that a write may take to become visible."""
    processmaker3: ProcessMaker3 | None = None
    """The ProcessMaker 3 to test."""
    processmaker4: ProcessMaker4 | None = None
    """The ProcessMaker 4 to test."""
    procesio: Procesio | None = None
    """The PROCESIO to test."""
    network: Network = Network()
    """How to reach the target."""
    limits: Limits = Limits()
    """Limits of the whole run."""
    safety: SafetyTable = SafetyTable()
    """How far the run may go."""

    # Filled by `parse`, which knows where secrets came from: so nothing else makes a target.
    _secrets: dict[Place, tuple[str, str]] = PrivateAttr(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        """The systems that the file has a table for."""
        return [system for system in SYSTEMS if getattr(self, system) is not None]

    def table(self, system: str) -> ProcessMaker3 | ProcessMaker4 | Procesio:
        """The table of a system. Raises KeyError when the file has none."""
        if system not in self.systems:
            raise KeyError(system)
        table: ProcessMaker3 | ProcessMaker4 | Procesio = getattr(self, system)
        return table

    def secrets(self) -> dict[str, str]:
        """Every secret value by its placeholder: the environment variable it came from, else a name like PM3_PASSWORD.

        To redact what is stored or shown, and to print commands in which `$PM3_PASSWORD` stands for the value.
        Empty values are left out.
        """
        return {name: value for name, value in self._secrets.values() if value}

    def placeholders(self) -> dict[Place, str]:
        """The place of every secret in the file (keys from the top) with its placeholder."""
        return {place: name for place, (name, _) in self._secrets.items()}


def urls(table: System) -> dict[str, str]:
    """The URLs of a system by their key: `url`, or `proxy_url` and `web_url`."""
    return {key: getattr(table, key) for key in ("url", "proxy_url", "web_url") if hasattr(table, key)}


def load(path: Path | str, env: Mapping[str, str] | None = None) -> Target:
    """Read a target file, with `${NAME}` from `env` (by default the environment).

    Raises:
        TargetError: it cannot be read, is not TOML, or does not describe a target.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise TargetError(f"{path}: cannot be read ({error.strerror}); name an existing target file.") from None
    except UnicodeDecodeError as error:
        raise TargetError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: is not TOML: {error}; correct that line.") from None
    return parse(data, base=path.parent, env=os.environ if env is None else env, source=str(path))


def parse(data: Mapping[str, Any], *, base: Path, env: Mapping[str, str], source: str = "target file") -> Target:
    """Make a target of the data of a target file; files that it names are relative to `base`.

    Raises:
        TargetError: the data do not describe a target; `source` is the name of the file in its message.
    """
    reader = Reader(source, base, env)
    plain = reader.table(Target, data, ())
    if not any(system in plain for system in SYSTEMS):
        raise reader.error((), f"names no system; add a table [{'], ['.join(SYSTEMS[:2])}] or [{SYSTEMS[2]}].")
    try:
        target = Target.model_validate(plain)
    except ValidationError as error:
        raise TargetError("\n".join(reader.complaint(dict(one)) for one in error.errors())) from None
    target._secrets = reader.named()
    return target


def reference_target(tables: Mapping[str, Any], name: str = "reference") -> Target:
    """The target of reference servers: their tables by system, no waiting, and leave to destroy everything.

    Raises:
        TargetError: a table is not as a target file has it.
    """
    data = {"name": name, "settle": 0, "safety": {"level": Safety.DISPOSABLE.value}, **tables}
    return parse(data, base=Path(), env={}, source=name)
