"""Fixtures: whether the server knows the fixtures in the target file. If not, the target file is wrong."""

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

NOT_ABOUT_THE_THING: Final = (401, 403, 405, 408, 423, 429)
"""Refusals that say nothing of whether something is there."""

NOT_THERE: Final = (404, 410)


Ask = Callable[[Call], Exchange | None]
"""Sends a call that changes nothing; None where nothing may be sent, or nothing came back."""


@dataclass
class Fixtures:
    """What the target file names of one system, with what is known of each: known to the server, or not and why.

    A fixture is unknown when no read that can show it does, and one answers it exactly as a made-up identifier, by an
    operation that is there: its answer is not that to a made-up path. Where all three are alike, only an operation
    that turns a call without credentials away, as it does no made-up path, is known to be there.
    """

    table: SystemTable
    specification: Specification
    ledger: Ledger
    ask: Ask
    nowhere: Callable[[Operation], str]
    known: set[str] = field(default_factory=set)
    unknown: dict[str, str] = field(default_factory=dict)

    def named_in(self, path: Mapping[str, str]) -> list[str]:
        """The keys of the fixtures that a request names in its path."""
        things = self.table.things
        return [key for key, value in things.items() if value in path.values()]

    def accepted(self, path: Mapping[str, str]) -> None:
        """Note that a request was accepted: what it names is known to the server."""
        self.known.update(self.named_in(path))

    def refused(self, call: Call, exchange: Exchange) -> str:
        """The sentence on a fixture that a refused call names and the server does not know; else empty."""
        if not exchange.response.refused or exchange.response.status in NOT_ABOUT_THE_THING:
            return ""
        plain = Call(call.operation, path=call.path, content=call.content)
        for key in self.named_in(call.path):
            if sentence := self.look(key, lambda one: self._of_call(one, plain, exchange)):
                return sentence
        return ""

    def look(self, key: str, otherwise: Callable[[str], str] = lambda _: "") -> str:
        """The sentence on a fixture that the server does not know, else empty; `otherwise` tells where no read can."""
        if key in self.known or key in self.unknown:
            return self.unknown.get(key, "")
        message = ""
        for one, named in self.reads(key):
            if any(other != key and other in self.unknown for other in self.named_in(named)):
                continue  # the read fails for that one's sake
            read = Call(one, path=named)
            exchange = self.ask(read)
            if exchange is None:
                continue
            if exchange.response.ok:
                self.known.add(key)
                return ""
            message = message or self._compared(key, read, exchange)
        if not self.readable(key):
            message = otherwise(key)
        if message:
            self.unknown[key] = message
        return message

    def readable(self, key: str) -> bool:
        """Whether any read can show a fixture."""
        return any(True for _ in self.reads(key))

    def _of_call(self, key: str, call: Call, exchange: Exchange) -> str:
        """What a refused call says of a fixture that no read can show; nothing where it would create something."""
        if exchange.response.status not in NOT_THERE or call.operation.effect == "create":
            return ""
        return self._compared(key, call, exchange)

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

    def _compared(self, key: str, call: Call, exchange: Exchange) -> str:
        """The sentence, where a made-up identifier gets the same response from an operation that is there."""
        if not exchange.response.refused or exchange.response.status in NOT_ABOUT_THE_THING:
            return ""
        value = self.table.fixture(key)

        def unknown() -> Exchange | None:
            made_up = {name: self.ledger.made_up_like(one) if one == value else one for name, one in call.path.items()}
            return self.ask(replace(call, path=made_up))

        if not responds_alike(exchange, unknown):
            return ""
        nowhere = call.to(self.nowhere(call.operation))
        elsewhere = responds_alike(exchange, lambda: self.ask(call.to(self.nowhere(call.operation))))
        if elsewhere is None:
            return ""
        if elsewhere:
            here, there = (self.ask(replace(one, user=NOBODY)) for one in (call, nowhere))
            if here is None or there is None or here.response.status not in gateways.TURNED_AWAY:
                return ""
        said = message_of(exchange.response)
        status = f"status {exchange.response.status}{f' ({said})' if said else ''}"
        return (
            f"{self.table.place(key)} = {value!r}: {exchange.request.method} {exchange.request.url} returns "
            f"{status}, as for an identifier that does not exist. "
            f"Correct {key} in the target file{self.table.advice}."
        )
