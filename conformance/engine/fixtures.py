"""Check whether the server knows the fixtures in the target file. If not, the target file is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.core.exchange import Exchange
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

    def named_in(self, path: Mapping[str, str]) -> list[str]:
        """The keys of the fixtures in the path of a request."""
        things = self.table.things
        return [key for key, value in things.items() if value in path.values()]

    def accepted(self, path: Mapping[str, str]) -> None:
        """Record that a request was accepted, so that the server knows the fixtures in it."""
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
        if key in self.known or key in self.unknown:
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
                return ""
            message = message or self._problem_of_read(key, read, exchange)
        if not self.readable(key):
            message = otherwise(key)
        if message:
            self.unknown[key] = message
        return message

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
            path = {name: self.table.fixture(key if other == shown_as else other) for name, other in keys.items()}
            if all(path.values()):
                yield operation, path

    def _problem_of_read(self, key: str, call: Call, exchange: Exchange) -> str:
        """The message, if an existing operation responds to a made-up identifier in the same way."""
        if not exchange.response.refused or exchange.response.status in INDEPENDENT_OF_RESOURCE:
            return ""
        value = self.table.fixture(key)

        def unknown() -> Exchange | None:
            made_up = {name: self.ledger.made_up_like(one) if one == value else one for name, one in call.path.items()}
            return self.ask(replace(call, path=made_up))

        if not responds_alike(exchange, unknown):
            return ""
        made_up_path = call.to(self.made_up_path(call.operation))
        elsewhere = responds_alike(exchange, lambda: self.ask(call.to(self.made_up_path(call.operation))))
        if elsewhere is None:
            return ""
        if elsewhere:
            here, there = (self.ask(replace(one, user=NOBODY)) for one in (call, made_up_path))
            if here is None or there is None or here.response.status not in gateways.UNAUTHORIZED:
                return ""
        message = message_of(exchange.response)
        status = f"status {exchange.response.status}{f' ({message})' if message else ''}"
        return (
            f"{self.table.place(key)} = {value!r}: {exchange.request.method} {exchange.request.url} returns "
            f"{status}, as for an identifier that does not exist. "
            f"Correct {key} in the target file{self.table.advice}."
        )
