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
    password: Secret
    client_id: Text | None = None
    client_secret: Secret | None = None

    @model_validator(mode="after")
    def _whole_client(self) -> User:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("has only one of client_id and client_secret; give both or none")
        return self


class Application(Table):
    """An application that is registered for no user yet: with it, a user whom the run creates can log in."""

    client_id: Text
    client_secret: Secret


class Users(Table):
    """The accounts by what they may do; None where the target file has none."""

    outsider: User | None = None
    cases: User | None = None
    supervisor: User | None = None


class Fixtures(Table):
    """What must be there already, because no documented operation creates it; None where it is not."""

    case: Text | None = None
    paused_case: Text | None = None
    completed_case: Text | None = None
    canceled_case: Text | None = None
    case_task: Text | None = None
    trigger: Text | None = None
    trigger_unsets: Text | None = None
    number_variable: Text | None = None
    grid_variable: Text | None = None
    input_document: Text | None = None
    output_document: Text | None = None
    pm_table: Text | None = None
    report_table: Text | None = None
    classic_process: Text | None = None
    category: Text | None = None
    note_case: Text | None = None
    unassigned_case: Text | None = None
    started_project: Text | None = None
    upload_max_filesize: PositiveInt | None = None
    post_max_size: PositiveInt | None = None
    may_change: bool = False

    @property
    def identifiers(self) -> frozenset[str]:
        """What names something on the server: not the names of variables, and not the sizes."""
        given = self.model_dump(exclude={"may_change", "trigger_unsets", "number_variable", "grid_variable"})
        return frozenset(value for value in given.values() if isinstance(value, str))


class System(Table):
    """What the tables of all three systems have. `bodies` holds request bodies by operation id."""

    system: ClassVar[str]
    version: Text | None = None
    unsupported: tuple[Text, ...] = ()
    bodies: dict[str, Any] = Field({}, repr=False)
    accommodations: tuple[Accommodation, ...] = ()

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
    workspace: Text
    client_id: Text
    client_secret: Secret
    username: Text
    password: Secret
    users: Users = Users()
    application: Application | None = None
    fixtures: Fixtures = Fixtures()


class ProcessMaker4(System):
    """The table `processmaker4`."""

    system: ClassVar[str] = "processmaker4"
    url: RootUrl
    access_token: HeaderSecret
    process_id: PositiveInt
    request_data: dict[str, Any] = Field({}, repr=False)


class ApiKey(Table):
    """An API key of PROCESIO's Web API."""

    name: Annotated[Text, Field(pattern=r"^[\x20-\x7e]+$")]
    value: HeaderSecret


class ProcesioFixtures(Table):
    """What must be there already in PROCESIO's workspace; None where it is not."""

    credential_template: Text | None = None
    credential_type: Text | None = None
    may_change: bool = False


class Procesio(System):
    """The table `procesio`."""

    system: ClassVar[str] = "procesio"
    proxy_url: Url
    web_url: Url
    realm: Text
    username: Text
    password: Secret
    client_id: Text
    client_secret: SecretStr = SecretStr("")
    workspace_id: Text | None = None
    process_id: Text | None = None
    payload: dict[str, Any] = Field({}, repr=False)
    api_key: ApiKey | None = None
    fixtures: ProcesioFixtures = ProcesioFixtures()


class Network(Table):
    """How to reach the target. A proxy's URL may hold credentials and a header a token: both count as secrets."""

    proxy: Annotated[SecretStr, AfterValidator(_checked_proxy)] | None = None
    ca_file: Path | None = None
    verify: bool = True
    headers: Annotated[dict[str, HeaderSecret], AfterValidator(header_names)] = Field(default={})


class Limits(Table):
    """Limits of a whole run. Without `in_flight` it is four, and one for PROCESIO's Projects; times in seconds."""

    requests_per_second: PositiveFloat | None = None
    in_flight: PositiveInt | None = None
    request_timeout: PositiveFloat = 30.0
    time_budget: Annotated[float, BeforeValidator(duration)] | None = None
    open_resources: NonNegativeInt = 50
    executions: NonNegativeInt = 20


class SafetyTable(Table):
    """The table `safety`."""

    level: Safety = Safety.OWNED


class Target(Table):
    """A whole target file. Made by `load`, `parse` and `reference_target` only: they know where secrets came from."""

    name: Text
    settle: NonNegativeFloat = 5.0
    processmaker3: ProcessMaker3 | None = None
    processmaker4: ProcessMaker4 | None = None
    procesio: Procesio | None = None
    network: Network = Network()
    limits: Limits = Limits()
    safety: SafetyTable = SafetyTable()

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
