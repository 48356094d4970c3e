"""File mistakes: whether a refusal shows that the target file names the wrong URL, server or main user."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from conformance.core.exchange import Exchange
from conformance.engine.acceptance import NOT_IMPLEMENTED
from conformance.spec.free_paths import unrouted
from conformance.spec.specification import Operation, Specification
from conformance.target.system_table import SystemTable
from conformance.wire import gateways
from conformance.wire.api_search import Ask, no_api
from conformance.wire.call import Call
from conformance.wire.ledger import Ledger
from conformance.wire.logins import lacks_permission, plain_reads


@dataclass(eq=False)
class FileMistakes:
    """Looks into a refusal once for each URL of the target file, and once for each permission.

    Where a single operation refuses, or is not there, the server is at fault. `token_opens` returns whether the main
    user's token opens anything that a wrong one does not.
    """

    table: SystemTable
    specification: Specification
    ledger: Ledger
    ask: Ask
    token_opens: Callable[[], bool]
    _may: dict[frozenset[str], bool] = field(default_factory=dict)
    _there: set[str] = field(default_factory=set)  # keys of URLs at which an API is, or was looked for

    def accepted(self, operation: Operation, *, as_main: bool) -> None:
        """Note that an operation accepted a request."""
        self._there.add(operation.server)
        if as_main:
            self._may[frozenset(operation.permission)] = True

    def of_user(self, operation: Operation, exchange: Exchange) -> str:
        """The message if every read that needs the same permission refuses the main user, or an empty string.

        If the operation needs none: every plain read.
        """
        needed = frozenset(operation.permission)
        if needed not in self._may:
            self._may[needed] = True  # also for what is sent below
            known = self.specification.operations.values()
            of_permission = [item for item in known if item.effect == "read" and frozenset(item.permission) == needed]
            others = [read for read in (of_permission if needed else plain_reads(known)) if read.id != operation.id]
            if others and self.token_opens():
                self._may[needed] = any(map(self._lets_in, others))
        return "" if self._may[needed] else lacks_permission(self.table, operation, exchange)

    def of_url(self, operation: Operation, exchange: Exchange) -> str:
        """The message if no plain read exists at a URL, or an empty string."""
        if operation.server in self._there:
            return ""
        self._there.add(operation.server)  # also for what is sent below
        found = no_api(operation, exchange, plain_reads(self.specification.operations.values()), self.ask)
        key = self.table.setting(operation.server)
        return f"{exchange.request.url}: {found}. Correct {key} in the target file." if found else ""

    def of_server(self, call: Call, exchange: Exchange) -> str:
        """The message if the server has accepted nothing and fails for a made-up path as well, or an empty string."""
        if call.operation.server in self._there or exchange.response.status in NOT_IMPLEMENTED:
            return ""
        reads = plain_reads(self.specification.operations.values())
        others = [
            operation
            for operation in reads
            if operation.server == call.operation.server and operation.id != call.operation.id
        ]
        if any(map(self._works, others)):
            self._there.add(call.operation.server)
            return ""
        got = self.ask(call.to(unrouted(self.specification, call.operation, self.ledger.made_up(12))))
        if got is None:
            return ""
        if got.response.status != exchange.response.status:
            self._there.add(call.operation.server)
            return ""
        message = f"status {exchange.response.status}, as for a path that does not exist"
        return f"{exchange.request.url}: {message}. Is the server working?"

    def _lets_in(self, operation: Operation) -> bool:
        """Whether an operation that reads does not turn the main user away, asked for things that do not exist."""
        made_up = {name: self.ledger.made_up(12) for name in operation.path_parameters}
        exchange = self.ask(Call(operation, path=made_up))
        return exchange is None or exchange.response.status not in gateways.UNAUTHORIZED

    def _works(self, operation: Operation) -> bool:
        """Whether a read gets a response that is no failure of the server."""
        exchange = self.ask(Call(operation))
        return exchange is not None and exchange.response.status < 500
