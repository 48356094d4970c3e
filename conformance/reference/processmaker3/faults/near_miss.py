"""The faults of the ProcessMaker 3 reference in credentials that are almost right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.oauth import SPARE

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3

    Grant = Callable[[dict[str, Any], str | None], dict[str, Any]]

SYSTEM: Final = "processmaker3"


def _longer(sent: str, right: str) -> bool:
    return sent.startswith(right)


def _shorter(sent: str, right: str) -> bool:
    return len(sent) + 1 == len(right) and right.startswith(sent)


def _any_case(sent: str, right: str) -> bool:
    return sent.casefold() == right.casefold()


def _accept(ref: ProcessMaker3, member: str, alike: Callable[[str, str], bool]) -> None:
    """Take a password or a secret that is `alike` the right one for it."""

    def make(grant: Grant) -> Grant:
        def gullible(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            people = (*ref.accounts.by_client.values(), *ref.accounts.newcomers.values())
            of_user = next((account for account in people if account.username == form.get("username")), None)
            right = getattr(of_user, member, None)
            if member == "client_secret" and form.get("client_id") == SPARE[0]:
                right = SPARE[1]
            sent = form.get(member)
            almost = isinstance(sent, str) and right is not None and alike(sent, right)
            return grant({**form, member: right} if almost else form, authorization)

        return gullible

    override(ref.accounts, "grant", make)


@fault("pm3-token-longer-password", SYSTEM, "A password that begins with the right one is accepted.")
def _(ref: ProcessMaker3) -> None:
    _accept(ref, "password", _longer)


@fault("pm3-token-shorter-password", SYSTEM, "The right password without its last character is accepted.")
def _(ref: ProcessMaker3) -> None:
    _accept(ref, "password", _shorter)


@fault("pm3-token-password-any-case", SYSTEM, "The right password in letters of the other case is accepted.")
def _(ref: ProcessMaker3) -> None:
    _accept(ref, "password", _any_case)


@fault("pm3-token-longer-secret", SYSTEM, "A client secret that begins with the right one is accepted.")
def _(ref: ProcessMaker3) -> None:
    _accept(ref, "client_secret", _longer)


@fault("pm3-token-shorter-secret", SYSTEM, "The right client secret without its last character is accepted.")
def _(ref: ProcessMaker3) -> None:
    _accept(ref, "client_secret", _shorter)


@fault("pm3-token-secret-any-case", SYSTEM, "The right client secret in letters of the other case is accepted.")
def _(ref: ProcessMaker3) -> None:
    _accept(ref, "client_secret", _any_case)
