"""System table: the base of the systems' tables in a target file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, BaseModel, Field, PrivateAttr, model_validator

from conformance.core.address import Address, checked_url
from conformance.core.hints import hint
from conformance.core.systems import SYSTEMS
from conformance.core.systems import part as part_of
from conformance.spec import specification
from conformance.target import bodies
from conformance.target.accommodation import Accommodation, accommodated
from conformance.target.tables import Table, Text, kinds_of

ELSEWHERE: Final = "token_url is on a server that the API documentation does not describe"
"""Why nothing is said of the operation that gives tokens."""
TOKEN_URL: Final = "token_url"  # noqa: S105 - names a key


def without(path: str) -> Callable[[str], str]:
    """A validator that rejects a URL which contains `path`, with which the paths of the spec begin."""

    def checked(url: str) -> str:
        if path in url:
            raise ValueError(f"already contains {path}; remove it, the suite adds it")
        return url

    return checked


Url = Annotated[str, AfterValidator(checked_url)]


class SystemTable(Table):
    """The common keys of the tables of all systems.

    A system extends it by its keys, of which each that ends in `url` is a URL, and overrides the properties below. A
    key `fixtures` is a table of resources that must exist, a key `users` one of further accounts.
    """

    system: ClassVar[str]
    own_fixtures: ClassVar[tuple[str, ...]] = ()
    """The keys of the table itself that name something on the server, as those of `fixtures` do."""
    settings: ClassVar[tuple[str, ...]] = ()
    """How the keys of `fixtures` end that name nothing on the server."""
    told_apart: ClassVar[tuple[str, ...]] = ()
    """The keys of fixtures whose kind a read shows (`misfit`)."""
    asked: ClassVar[tuple[str, ...]] = ()
    """The keys that somebody who has no target file yet is asked for; by default those that are required."""

    version: Text | None = None
    """The version of the server; requirements of later versions are then not applicable."""
    unsupported: tuple[Text, ...] = ()
    """Profiles and operation ids that the server does not claim to have."""
    bodies: dict[str, Any] = Field({}, repr=False)
    """Request bodies by operation id, used instead of the suite's own."""
    accommodations: tuple[Accommodation, ...] = ()
    """How to send operations that the server needs in another form than documented."""

    _known: specification.Specification | None = PrivateAttr(None)  # set by `Target.with_specifications`

    # -- what a system says of its table ------------------------------------------------------------------------------

    @property
    def constants(self) -> Mapping[str, str]:
        """The values of path parameters that are the same in every request."""
        return {}

    @property
    def tenant(self) -> Mapping[str, str]:
        """What identifies the part of a server in addition to the URLs, by its name."""
        return {}

    @property
    def login(self) -> str:
        """The main user, in words; empty if a table names none."""
        return ""

    @property
    def asks_as_documented(self) -> bool:
        """Whether the tests of the token operation can reach it."""
        return True

    @property
    def asks_at_token_url(self) -> bool:
        """Whether the documented token operation is sent to `token_url`, if the table has one."""
        return self.asks_as_documented

    @property
    def unasked(self) -> tuple[str, ...]:
        """The keys without which the tests of the token operation have no login."""
        return ()

    @property
    def derived_secrets(self) -> Mapping[str, str]:
        """The values that requests derive from the secrets, by placeholder, such as the credentials of HTTP Basic."""
        return {}

    @property
    def access_keys(self) -> str:
        """The key and value to which a user may have no access; empty if there is no such key."""
        return ""

    @property
    def key_advice(self) -> str:
        """What to correct if the server refuses the API key of the table."""
        return f"[{self.system}] api_key"

    @property
    def key_opens_in_a_run(self) -> bool:
        """Whether the API key may be for something that only a run does, so that a refused read proves nothing."""
        return False

    @property
    def instead_of_key(self) -> str:
        """What to add if the API key may not make a call, and a user may."""
        return f"[{self.system}] username and password"

    @property
    def parameters(self) -> Mapping[str, str]:
        """The keys of fixtures by the path parameters that can show them, in addition to those of the spec."""
        return {}

    def beside(self, key: str) -> dict[str, str]:  # noqa: ARG002
        """What is read together with a fixture, other than usual: for the usual key, the one in its place."""
        return {}

    def misfit(self, key: str, body_of: Callable[[str], Any]) -> str:  # noqa: ARG002
        """What shows that a fixture is not of the kind that its key says, by what the server shows; else empty.

        `body_of` gives the body with which the server shows the fixture of a key, None where it shows none.
        """
        return ""

    def shown_as(self, key: str) -> str:
        """The key under which the operations of the spec show a fixture: a paused case is a case."""
        return key

    @property
    def advice(self) -> str:
        """What else may be wrong if the server does not know a fixture; with a leading comma, or empty."""
        return ""

    # -- what follows from the keys -----------------------------------------------------------------------------------

    @property
    def known(self) -> specification.Specification:
        """The spec and register of the system, with the user's own requirements."""
        return self._known or specification.load(self.system)

    def specification(self) -> specification.Specification:
        """The spec and register of the system, with operations and bodies in the form that the target needs."""
        known = self.known
        known = replace(known, operations=bodies.given(known.operations, self.bodies))
        return accommodated(known, self.accommodations)

    def fixture(self, key: str) -> str:
        """The value of a key of the table or its `fixtures`; empty if there is none."""
        found = getattr(self, key, None) or getattr(self._fixtures, key, None)
        return "" if found is None else str(found)

    def gives(self, key: str) -> bool:
        """Whether the table, or its `fixtures`, has a key such as `case` or `users.outsider`."""
        first, *rest = key.split(".")
        found = [getattr(self, first, None) or getattr(self._fixtures, first, None)]
        for name in rest:
            members = type(found[0]).model_fields if name == "*" and found[0] else [name]
            found = [getattr(item, member, None) for item in found for member in members]
        return any(item is not None for item in found)

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys without a value."""
        return [key for key in keys if not self.gives(key)]

    @property
    def things(self) -> dict[str, str]:
        """The values that name resources on the server, by key; settings are excluded."""
        given = self._fixtures
        found = {key: getattr(self, key) for key in self.own_fixtures}
        found |= given.model_dump() if given is not None else {}
        return {
            key: str(value)
            for key, value in found.items()
            if value is not None and not isinstance(value, bool) and not key.endswith(self.settings)
        }

    @property
    def identifiers(self) -> frozenset[str]:
        """The identifiers of resources that may be sent to the server: they may be read and executed."""
        given = self._fixtures.model_dump() if self._fixtures is not None else {}
        named = {key: value for key, value in given.items() if isinstance(value, str)}  # the others are files and sizes
        own = (getattr(self, key) for key in self.own_fixtures)
        sent = (value for key, value in named.items() if not key.endswith(self.settings))
        return frozenset((*sent, *(str(value) for value in own if value is not None)))

    @property
    def may_change(self) -> bool:
        """Whether a run may change the fixtures."""
        return bool(getattr(self._fixtures, "may_change", False))

    @property
    def further_users(self) -> tuple[str, ...]:
        """The users in addition to the main one, by their keys in `users`."""
        users = getattr(self, "users", None)
        return tuple(name for name, user in users if user is not None) if isinstance(users, Table) else ()

    def is_fixture(self, key: str) -> bool:
        """Whether a key names a resource on the target, not a user or a setting."""
        return key in self.own_fixtures or ("." not in key and key not in type(self).model_fields)

    def place(self, key: str) -> str:
        """The place of a key in the target file, for a message: `[system.fixtures] key`."""
        first, _, rest = key.partition(".")
        if rest:
            return f"[{self.system}.{key}]"
        own = first in type(self).model_fields
        return f"[{self.system}] {key}" if own else f"[{self.system}.fixtures] {key}"

    def setting(self, key: str) -> str:
        """The place of a key that is no secret, with its value, for a message: `[system] key = 'value'`."""
        value = getattr(self, key) if key in type(self).model_fields else self.fixture(key)
        return f"{self.place(key)} = {value!r}"

    @property
    def _fixtures(self) -> BaseModel | None:
        found = getattr(self, "fixtures", None)
        return found if isinstance(found, BaseModel) else None

    @model_validator(mode="after")
    def _known_operations(self) -> SystemTable:
        known = self.specification().operations
        for name in self.bodies:
            if name not in known:
                raise ValueError(f"has the unknown operation {name!r} in `bodies`; {hint(name, known)}")
        return self

    @model_validator(mode="after")
    def _known_profiles(self) -> SystemTable:
        known, operations = SYSTEMS[self.system].profiles, self.specification().operations
        for entry in self.unsupported:
            if "/" in entry and " " not in entry and entry not in known:
                raise ValueError(f"has the unknown profile {entry!r} in `unsupported`; {hint(entry, known)}")
            if "/" not in entry and entry not in operations:
                raise ValueError(f"has the unknown operation {entry!r} in `unsupported`; {hint(entry, operations)}")
        return self


def absent(table: Table, keys: Iterable[str]) -> list[str]:
    """Those of the keys that a table has no value for."""
    return [key for key in keys if getattr(table, key) is None]


def present(table: Table, keys: Iterable[str]) -> list[str]:
    """Those of the keys that a table has a value for."""
    return [key for key in keys if getattr(table, key) is not None]


def add(keys: Iterable[str]) -> str:
    """The advice to add some keys."""
    return f"add {' and '.join(f'{key} = …' for key in keys)}"


def urls(table: SystemTable) -> dict[str, str]:
    """The URLs of a table by their key: every key that ends in `url`, and `token_url` last."""
    keys = sorted((key for key in type(table).model_fields if key.endswith("url")), key=lambda key: key == TOKEN_URL)
    return {key: url for key in keys if (url := getattr(table, key)) is not None}


def identity(table: SystemTable) -> dict[str, str]:
    """What identifies a server, for every user: its URLs, and the part of the server."""
    known = {key: Address.of(url) for key, url in urls(table).items() if key != TOKEN_URL}
    return {
        **{key: f"{address.origin}{address.path.decode('ascii')}" for key, address in known.items()},
        **table.tenant,
    }


def table_of(system: str) -> type[SystemTable]:
    """The model of a system's table. Raises UnusableSystem."""
    model: type[SystemTable] = part_of(SYSTEMS[system], "table")
    return model


def keys(table: type[SystemTable]) -> frozenset[str]:
    """The possible needs of a spec (`SystemTable.gives`): keys of a table, its fixtures and its users."""
    found = set(table.model_fields) | set(_inner(table, "fixtures"))
    users = _inner(table, "users")
    found |= {f"users.{name}" for name in users}
    for model in users.values():
        found |= {f"users.{name}.{key}" for name in (*users, "*") for key in (model.model_fields if model else ())}
    return frozenset(found)


def _inner(model: type[BaseModel], key: str) -> dict[str, type[BaseModel] | None]:
    """The keys of a table within another, each with its model if it is a table as well."""
    field = model.model_fields.get(key)
    held = _model(field.annotation) if field else None
    return {name: _model(info.annotation) for name, info in held.model_fields.items()} if held else {}


def _model(annotation: Any) -> type[BaseModel] | None:
    return next((kind for kind in kinds_of(annotation) if issubclass(kind, BaseModel)), None)
