"""Check whether the server knows the fixtures in the target file. If not, the target file is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import arrays
from conformance.core.messages import message_of
from conformance.spec.operation import Operation
from conformance.spec.specification import Specification
from conformance.target.system_table import SystemTable
from conformance.wire import gateways
from conformance.wire.call import NOBODY, Call
from conformance.wire.ledger import Ledger
from conformance.wire.likeness import responds_alike

INDEPENDENT_OF_RESOURCE: Final = (401, 403, 405, 408, 423, 429)
"""Refusals that do not depend on whether the resource exists."""

NOT_FOUND: Final = (404, 410)
ABSENT: Final = re.compile(
    r"\bno such\b|\bnot (be )?found\b|\b(does|do|did) not exist|\b(doesn't|don't|didn't) exist|\bunknown\b"
    r"(?! (error|exception|reason|problem|failure|field|member|property|column|parameter))",
    re.IGNORECASE,
)
"""How a refusal says that something is not there, whatever its status is."""


Ask = Callable[[Call], Exchange | None]
"""Send a call that changes nothing. Returns None if nothing may be sent, or nothing came back."""


@dataclass
class Fixtures:
    """The fixtures that the target file names for one system, and whether the server knows each.

    A fixture is unknown if no read shows it, and one read responds as it does to a made-up identifier, although its
    operation exists: the response differs from that to a made-up path. If all three responses are alike, the operation
    counts as existing only if it refuses a call without credentials and a made-up path does not.
    """

    table: SystemTable
    specification: Specification
    ledger: Ledger
    ask: Ask
    made_up_path: Callable[[Operation], str]
    known: set[str] = field(default_factory=set)
    unknown: dict[str, str] = field(default_factory=dict)
    _shown: dict[str, Exchange] = field(default_factory=dict)

    def named_in(self, path: Mapping[str, str]) -> list[str]:
        """The keys of the fixtures in the path of a request."""
        things = self.table.things
        return [key for key, value in things.items() if value in path.values()]

    def accepted(self, path: Mapping[str, str]) -> None:
        """Record that a request was accepted, so that the server knows the fixtures in its path.

        One that it names in its body proves nothing: a server may accept a reference to something that does not exist.
        """
        self.known.update(self.named_in(path))

    def refused(self, call: Call, exchange: Exchange) -> str:
        """The message about an unknown fixture in the path of a refused call, or an empty string."""
        if not exchange.response.refused or exchange.response.status in INDEPENDENT_OF_RESOURCE:
            return ""
        plain = Call(call.operation, path=call.path, content=call.content)
        for key in self.named_in(call.path):
            if problem := self.look(key, lambda unreadable: self._problem_of_call(unreadable, plain, exchange)):
                return problem
        return ""

    def look(self, key: str, otherwise: Callable[[str], str] = lambda _: "") -> str:
        """The message about a fixture that the server does not know, or an empty string.

        `otherwise` returns the message for a fixture that no read can show.
        """
        if key in self.unknown or (key in self.known and (key in self._shown or key not in self.table.told_apart)):
            return self.unknown.get(key, "")
        message = ""
        for operation, path_values in self.reads(key):
            if any(other != key and other in self.unknown for other in self.named_in(path_values)):
                continue  # the read fails because of that fixture
            read = Call(operation, path=path_values)
            exchange = self.ask(read)
            if exchange is None:
                continue
            if exchange.response.ok:
                self.known.add(key)
                self._shown[key] = exchange
                return self._fits(key, exchange)
            message = message or self._problem_of_read(key, read, exchange)
        if not self.readable(key):
            message = otherwise(key)
        if message:
            self.unknown[key] = message
        return message

    def said_absent(self, call: Call, exchange: Exchange) -> str:
        """The message about a fixture that no read can show, if the refusal of a call says that it does not exist.

        The operation must be known to be there. A fixture that another request named and had accepted is known.
        """
        status = exchange.response.status
        said = message_of(exchange.response)
        if not exchange.response.refused or status in INDEPENDENT_OF_RESOURCE:
            return ""
        if status not in NOT_FOUND and not ABSENT.search(said):
            return ""
        in_path = () if status in NOT_FOUND else self.named_in(call.path)  # the path itself may be what is not there
        for key in (*in_path, *self._named_in_body(call)):
            if key not in self.known and not self.readable(key):
                message = f"{call.operation.method} {exchange.request.url} returns {_described(exchange)}"
                self.unknown.setdefault(key, f"{self._named(key)}: {message}. {self._advice(key)}")
                return self.unknown[key]
        return ""

    def unlisted(self, value: str, listing: Exchange, *, others: bool = True) -> str:
        """The message about a fixture that is missing in a list of other things, if nothing else shows it either.

        Empty where the server knows it, or shows nothing: then it is the list that is wrong. Without `others` it need
        not show any: the server says elsewhere that there is none.
        """
        key = next((key for key, text in self.table.things.items() if text == value), "")
        if not key or self.look(key) or key in self.known:
            return self.unknown.get(key, "")
        try:
            listed = max((len(array) for array in arrays(listing.response.json)), default=0)
        except NotJson:
            listed = 0
        if listed or not others:
            lacks = f"{listing.request.method} {listing.request.url} does not list it"
            message = f"{lacks}, but {listed} others, and nothing else shows it" if others else lacks
            self.unknown[key] = f"{self._named(key)}: {message}. {self._advice(key)}"
        return self.unknown.get(key, "")

    def _fits(self, key: str, exchange: Exchange) -> str:
        """The sentence on a fixture that the server knows, but as another thing than its key says; else empty."""
        detail = self.table.misfit(key, self._body_of)
        if detail:
            message = f"{exchange.request.method} {exchange.request.url} {detail}"
            self.unknown[key] = f"{self._named(key)}: {message}. {self._advice(key)}"
        return self.unknown.get(key, "")

    def _body_of(self, key: str) -> Any:
        """The body with which the server shows a fixture; None where it shows none, or no JSON."""
        if self.table.fixture(key):
            self.look(key)
        try:
            return self._shown[key].response.json
        except (KeyError, NotJson):
            return None

    def _named_in_body(self, call: Call) -> list[str]:
        """The keys of the fixtures that a request names in its body, where the spec has them."""
        body = call.json if isinstance(call.json, dict) else {}
        keys = {place[1:]: key for place, key in call.operation.fixtures.items() if place.startswith("/")}
        return [key for name, key in keys.items() if body.get(name) == self.table.fixture(key)]

    def _named(self, key: str) -> str:
        return self.table.setting(key)

    def _advice(self, key: str) -> str:
        return f"Correct {key} in the target file{self.table.advice}."

    def readable(self, key: str) -> bool:
        """Whether any read can show a fixture."""
        return any(True for _ in self.reads(key))

    def _problem_of_call(self, key: str, call: Call, exchange: Exchange) -> str:
        """The message that follows from a refused call, for a fixture that no read can show. Empty for a create."""
        if exchange.response.status not in NOT_FOUND or call.operation.effect == "create":
            return ""
        return self._problem_of_read(key, call, exchange)

    def reads(self, key: str) -> Iterator[tuple[Operation, dict[str, str]]]:
        """The reads that can show a fixture, each with the path that names it."""
        shown_as = self.table.shown_as(key)
        for operation in self.specification.operations.values():
            parameters = operation.path_parameters
            if operation.effect != "read":
                continue
            keys = {name: operation.fixtures.get(name, self.table.parameters.get(name, "")) for name in parameters}
            if shown_as not in keys.values():
                continue
            beside = self.table.beside(key)
            path = {
                name: self.table.fixture(key if other == shown_as else beside.get(other, other))
                for name, other in keys.items()
            }
            if all(path.values()):
                yield operation, path

    def _problem_of_read(self, key: str, call: Call, exchange: Exchange) -> str:
        """The message, if an existing operation responds to a made-up identifier in the same way."""
        if not exchange.response.refused or exchange.response.status in INDEPENDENT_OF_RESOURCE:
            return ""
        value = self.table.fixture(key)

        def unknown() -> Exchange | None:
            made_up = {
                name: self.ledger.made_up_like(text) if text == value else text for name, text in call.path.items()
            }
            return self.ask(replace(call, path=made_up))

        if not responds_alike(exchange, unknown):
            return ""
        made_up_path = call.to(self.made_up_path(call.operation))
        elsewhere = responds_alike(exchange, lambda: self.ask(call.to(self.made_up_path(call.operation))))
        if elsewhere is None:
            return ""
        if elsewhere:
            here, there = (self.ask(replace(item, user=NOBODY)) for item in (call, made_up_path))
            if here is None or there is None or here.response.status not in gateways.UNAUTHORIZED:
                return ""
        return (
            f"{self._named(key)}: {exchange.request.method} {exchange.request.url} returns "
            f"{_described(exchange)}, as for an identifier that does not exist. {self._advice(key)}"
        )


def _described(exchange: Exchange) -> str:
    said = message_of(exchange.response)
    return f"status {exchange.response.status}{f' ({said})' if said else ''}"
