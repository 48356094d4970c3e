"""The systems that can be tested. Installed packages register systems by entry points, which are loaded on demand.

A package registers a system by an entry point of the group `conformance.systems` that names a `System`. A system refers
to its code by dotted names, so that it is imported when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Final

GROUP: Final = "conformance.systems"
TAKEN: Final = ("name", "settle", "network", "limits", "safety")
"""Keys of the target file that no system can be called by."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class UnusableSystem(Exception):
    """No system is registered, or one cannot be used. The message says which, why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One system: its documents as data, and where its code is.

    Raises:
        ValueError: the name or a profile is not valid for a system.
    """

    name: str
    """Its name in target files, options and ids: lower-case letters, digits and `_`."""
    title: str
    """Its name for people."""
    specs: Path
    """The directory of `openapi.yaml`, `requirements.yaml` and `fields.csv`."""
    suites: Path
    """The directory of its tests."""
    package: str
    """The package of its tests, as Python imports it."""
    profiles: tuple[str, ...]
    """The groups of operations that a target can claim, as `name/group`; not each has operations in every version."""
    table: str
    """The model of its table in the target file, as `package.module:Class`: a `SystemTable`."""
    credentials: str
    """The function that makes the credentials of a table, as `package.module:function`."""
    reference: str
    """Its reference server, as `package.module:Class`: a `Reference`."""
    corpus: Path | None = None
    """The file of generated request bodies; None: they are generated once and cached for the user."""
    cases: Path | None = None
    """The file of the cases of each operation; None: there are none."""
    readings: Path | None = None
    """The page that explains the readings that its spec and register name; None: they are not checked."""
    prefix: str = ""
    """The prefix of the placeholders of its secrets, such as `TODO`; by default the name in capitals."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """The names of profiles for people, by group, such as `{"pm-tables": "PM tables"}`; by default derived from the
    group.
    """
    rank: int = 100
    """Its position in lists: by rank, then by name."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in TAKEN:
            raise ValueError(f"the name {self.name!r} cannot be that of a system; use letters, digits and _")
        if odd := [profile for profile in self.profiles if not re.fullmatch(rf"{self.name}/[\w-]+", profile)]:
            raise ValueError(f"the profile {odd[0]!r} must begin with {self.name}/")

    def title_of(self, group: str) -> str:
        """The name of the profile `name/group` for people."""
        return self.titles.get(group) or in_words(group)

    @property
    def placeholder(self) -> str:
        """The prefix of the placeholders of its secrets."""
        return self.prefix or self.name.upper()


def in_words(group: str) -> str:
    """The name of a group for people."""
    return group.replace("-", " ").capitalize()


class Systems(Mapping[str, System]):
    """The registered systems by name, in order. Entry points are loaded on first use.

    Raises:
        UnusableSystem: on first use, if one cannot be used, two have one name, or there is none.
    """

    def __getitem__(self, name: str) -> System:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @cached_property
    def _found(self) -> dict[str, System]:
        from importlib.metadata import entry_points  # only if a system is needed

        found: dict[str, System] = {}
        for point in dict.fromkeys(entry_points(group=GROUP)):  # a directory that is listed twice registers twice
            system = _loaded(point)
            if found.setdefault(system.name, system) != system:
                raise UnusableSystem(
                    f"two installed packages register the system {system.name!r} ({point.value} is one of them); "
                    "uninstall one."
                )
        if not found:
            raise UnusableSystem(f"no system is registered ({GROUP}); install the package again with pip.")
        return {entry.name: entry for entry in sorted(found.values(), key=lambda item: (item.rank, item.name))}


def _loaded(point: Any) -> System:
    """The system that an entry point names. Raises UnusableSystem."""
    try:
        system = point.load()
    except Exception as error:  # any exception of somebody else's module
        why = f"{type(error).__name__}: {error}"
        raise UnusableSystem(f"the system {point.name!r} ({point.value}) cannot be loaded: {why}") from error
    if not isinstance(system, System) or system.name != point.name:
        message = f"is not a System with the name {point.name!r}"
        raise UnusableSystem(f"the system {point.name!r} ({point.value}) {message}; correct the entry point.")
    return system


def part(system: System, name: str) -> Any:
    """The code that a system names as its `table`, `credentials` or `reference`. Raises UnusableSystem."""
    dotted = getattr(system, name)
    try:
        return resolve_name(dotted)
    except (ImportError, AttributeError, ValueError) as error:
        why = f"{type(error).__name__}: {error}"
        raise UnusableSystem(f"the {name} of the system {system.name!r} ({dotted}) cannot be loaded: {why}") from error


SYSTEMS: Final[Mapping[str, System]] = Systems()
"""The registered systems by name."""
