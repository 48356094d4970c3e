"""Target: the table `todo` of the target file, and the credentials that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason
from conformance.target.system_table import SystemTable, Url
from conformance.target.tables import HeaderSecret
from conformance.wire.call import MAIN
from conformance.wire.client import Client
from conformance.wire.credentials import Missing, Tokens
from conformance.wire.redact import Redactor
from conformance.wire.tokens import Store


class Todo(SystemTable):
    """The table `todo`."""

    system: ClassVar[str] = "todo"

    url: Url
    """Where the server is."""
    access_token: HeaderSecret
    """The token of the account, from its settings."""


def credentials(
    table: Todo, client: Client, redactor: Redactor, asked: Callable[[], None], store: Store | None
) -> Tokens:
    """The token of the table: no operation gives another one."""

    def ask(user: str) -> Exchange:
        raise Missing(Reason.MISSING_USER, f"user {user!r}")

    given = {MAIN: table.access_token.get_secret_value()}
    return Tokens(ask, redactor, "TODO", lambda exchange, user: "", given=given, asks=lambda user: False, store=store)
