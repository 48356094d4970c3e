"""Target: the server under test, read from its TOML file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, create_model

from conformance.core import input_files
from conformance.core.systems import SYSTEMS
from conformance.spec.specification import Specification
from conformance.target.certificates import UnusableCertificate
from conformance.target.network import Network
from conformance.target.proxies import UnusableProxy, proxy_for
from conformance.target.system_table import SystemTable, table_of, urls
from conformance.target.tables import (
    Count,
    Place,
    Rate,
    Reader,
    Seconds,
    Settling,
    Some,
    Table,
    Text,
)
from conformance.target.tables import TargetError as TargetError

LONGEST_RUN: Final = 1000 * 3600.0
TOP: Final = "The keys above all tables."
SENT_TO_ALL: Final = (("network", "headers"), ("network", "client_key_password"))  # secrets in every request
IN_FLIGHT: Final = 4  # default number of concurrent calls


class Safety(StrEnum):
    """What a run may change: nothing, only what it created, or anything."""

    READ_ONLY = "read-only"
    OWNED = "owned"
    DISPOSABLE = "disposable"


def duration(text: object) -> float:
    """Parse a duration such as "90s", "20m", "1h30m", or a plain number of seconds.

    Raises:
        ValueError: it is not valid, or not positive.
    """
    match = re.fullmatch(
        r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", "" if isinstance(text, bool) else str(text).strip()
    )
    hours, minutes, seconds = (float(part or 0) for part in match.groups()) if match else (0.0, 0.0, 0.0)
    total = hours * 3600 + minutes * 60 + seconds
    if not 0 < total <= LONGEST_RUN:
        raise ValueError('is not a duration: must be like "90s", "20m" or "1h30m", and at most 1000h')
    return total


Duration = Annotated[float, BeforeValidator(duration, json_schema_input_type=str | float)]


class Limits(Table):
    """Limits of a whole run. Times are in seconds."""

    requests_per_second: Rate | None = None
    """Maximum rate of requests."""
    in_flight: Some | None = None
    """Maximum number of concurrent requests, and so of workers; 4 if it is not given."""
    request_timeout: Seconds = 30.0
    """Seconds for one request, including its body."""
    time_budget: Duration | None = None
    """Start no new test after this time."""
    open_resources: Count = 50
    """Maximum number of things that the run has on the server at the same time."""
    executions: Count = 20
    """Maximum number of Requests, instances and processes that the run starts."""

    @property
    def places(self) -> int:
        """The maximal number of concurrent calls."""
        return self.in_flight or IN_FLIGHT


class SafetyTable(Table):
    """The table `safety`."""

    level: Safety = Safety.OWNED
    """What a run may change: nothing, only what it created, or anything."""


class Target(Table):
    """The keys above all tables. A target file has further tables, one for each system: see `target_model`."""

    directories: ClassVar[frozenset[str]] = frozenset({"documents"})

    name: Text
    """The name of the target, shown in every report."""
    settle: Settling = 5.0
    """Seconds until a write must be visible."""
    documents: Path | None = None
    """The directory with your copies of the API documentation; reports then show the cited lines."""
    network: Network = Network()
    """How to reach the target."""
    limits: Limits = Limits()
    """Limits of the whole run."""
    safety: SafetyTable = SafetyTable()
    """What the run may change."""

    # Filled by `parse`, which knows the sources of secrets, so that nothing else creates a target.
    _secrets: dict[Place, tuple[str, str]] = PrivateAttr(default_factory=dict)

    @property
    def systems(self) -> list[str]:
        """The systems with a table in the file."""
        return [system for system in SYSTEMS if getattr(self, system, None) is not None]

    def table(self, system: str) -> SystemTable:
        """The table of a system. Raises KeyError if the file has none."""
        if system not in self.systems:
            raise KeyError(system)
        table: SystemTable = getattr(self, system)
        return table

    def with_specifications(self, known: Mapping[str, Specification]) -> Self:
        """A copy whose tables use these specifications, by system, instead of those of the suite."""
        tables = {system: self.table(system).model_copy() for system in self.systems if system in known}
        for system, table in tables.items():
            table._known = known[system]
        return self.model_copy(update=tables)

    def secrets(self) -> dict[str, str]:
        """Every secret value by its placeholder: its environment variable, otherwise a name made from the key.

        For redaction, and for commands in which `$NAME` replaces the value. Empty values are excluded.
        """
        return {name: value for name, value in self._secrets.values() if value}

    def placeholders(self) -> dict[Place, str]:
        """The place of every secret in the file (keys from the top) with its placeholder."""
        return {place: name for place, (name, _) in self._secrets.items()}

    def placeholders_of(self, system: str, names: Iterable[str]) -> set[str]:
        """Those of some placeholders that requests to a system can have: not those of other systems, or of the proxy.

        A server may write the name of any of them into what a later request repeats.
        """
        places = self.placeholders()
        own = {name for place, name in places.items() if place[0] == system or place[:2] in SENT_TO_ALL}
        others = tuple(f"{SYSTEMS[value].placeholder}_" for value in self.systems if value != system)
        elsewhere = set(places.values()) - own
        return {value for value in names if value in own or not (value in elsewhere or value.startswith(others))}


@cache
def target_model() -> type[Target]:
    """The model of a target file: `Target` with a table for each registered system."""
    tables: dict[str, Any] = {
        name: (table_of(name) | None, Field(None, description=f"The {system.title} to test."))
        for name, system in SYSTEMS.items()
    }
    return create_model(Target.__name__, __base__=Target, __doc__=TOP, **tables)


def load(path: Path | str, env: Mapping[str, str] | None = None) -> Target:
    """Read a target file, with `${NAME}` from `env` (by default the environment).

    Raises:
        TargetError: it cannot be read, is not TOML, or does not describe a target.
    """
    path = Path(path)
    try:
        data = input_files.toml(input_files.text(path))
    except input_files.Unreadable as error:
        raise TargetError(f"{path}: {error}.") from None
    except OSError as error:
        raise TargetError(f"{path}: cannot be read ({error.strerror}); choose an existing target file.") from None
    return parse(data, base=path.parent, env=os.environ if env is None else env, source=str(path))


def parse(data: Mapping[str, Any], *, base: Path, env: Mapping[str, str], source: str = "target file") -> Target:
    """Create a target from the data of a target file; paths in it are relative to `base`.

    Raises:
        TargetError: the data do not describe a target; `source` is the name of the file in its message.
    """
    reader = Reader(source, base, env)
    if unset := list(reader.unset(data)):
        raise TargetError("\n".join(unset))
    model = target_model()
    plain = reader.table(model, data, ())
    if not any(system in plain for system in SYSTEMS):
        *others, last = (f"[{system}]" for system in SYSTEMS)
        raise reader.error((), f"has no system; add a table {' or '.join(filter(None, (', '.join(others), last)))}.")
    try:
        target = model.model_validate(plain)
    except ValidationError as error:
        raise TargetError("\n".join(reader.complaint(dict(item)) for item in error.errors())) from None
    target._secrets = reader.named()
    _reachable(target, reader)
    return target


def _reachable(target: Target, reader: Reader) -> None:
    """Check that certificates and proxy can be used. Raises TargetError."""
    if target.network.is_secured:
        try:
            target.network.context()
        except UnusableCertificate as error:
            raise reader.error(("network", error.key), f"{error}.") from None
    named = target.network.proxy.get_secret_value() if target.network.proxy else None
    for system in target.systems:
        for key, url in urls(target.table(system)).items():
            try:
                proxy_for(url, named, reader.env)
            except UnusableProxy as error:
                raise reader.error((system, key), f"{error}.") from None


def reference_target(tables: Mapping[str, Any], name: str = "reference") -> Target:
    """The target of reference servers: their tables by system, no waiting, and level disposable.

    Raises:
        TargetError: a table is not valid.
    """
    data = {"name": name, "settle": 0, "safety": {"level": Safety.DISPOSABLE.value}, **tables}
    return parse(data, base=Path(), env={}, source=name)
