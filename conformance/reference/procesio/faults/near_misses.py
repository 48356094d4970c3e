"""The faults of the PROCESIO reference in secrets that differ little from the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.answers import bearer_token
from conformance.reference.faults import fault, override

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"


@fault("pro-token-signature-unchecked", SYSTEM, "lists processes for an access token with any signature")
def token_signature_unchecked(ref: Procesio) -> None:
    """Look at the other parts of a token alone."""

    def make(authorize: Callable[[Request, str], None]) -> Callable[[Request, str], None]:
        def unsigned(request: Request, name: str) -> None:
            content = (bearer_token(request) or "").rpartition(".")[0]
            same = (known for known in ref.tokens if known.rpartition(".")[0] == content)
            if name != "list_processes" or not any(map(ref.token_accepted, same)):
                authorize(request, name)

        return unsigned

    override(ref, "_authorize", make)


@fault("pro-password-any-end", SYSTEM, "accepts a password with anything after it")
def password_any_end(ref: Procesio) -> None:
    """Compare as much as the right one has."""
    known = ref.user_accepted
    ref.user_accepted = lambda username, password: any(
        known(username, password[:end]) for end in range(len(password) + 1)
    )


@fault("pro-password-any-case", SYSTEM, "ignores case in a password")
def password_any_case(ref: Procesio) -> None:
    """Know it in the other case as well."""
    known = ref.user_accepted
    ref.user_accepted = lambda username, password: any(
        known(username, text) for text in (password, password.lower(), password.upper(), password.swapcase())
    )


@fault("pro-secret-any-end", SYSTEM, "accepts a client secret with anything after it")
def secret_any_end(ref: Procesio) -> None:
    """Compare as much as the right one has."""
    known = ref.secret_accepted
    ref.secret_accepted = lambda secret: known(secret) or any(known(secret[:end]) for end in range(1, len(secret)))


@fault("pro-api-key-any-end", SYSTEM, "accepts the value of an API key with anything after it")
def api_key_any_end(ref: Procesio) -> None:
    """Compare as much as the right one has."""
    known = ref.key_accepted
    ref.key_accepted = lambda name, value: any(known(name, value[:end]) for end in range(len(value) + 1))


@fault("pro-api-key-any-case", SYSTEM, "ignores case in the value of an API key")
def api_key_any_case(ref: Procesio) -> None:
    """Compare in lower case."""
    ref.key_accepted = lambda name, value: any(
        key["name"] == name and key["value"].lower() == value.lower() for key in ref.keys.keys.values()
    )


@fault("pro-api-key-empty", SYSTEM, "accepts an API key with an empty name and an empty value")
def api_key_empty(ref: Procesio) -> None:
    """Take them for a setting that is not there."""
    known = ref.key_accepted
    ref.key_accepted = lambda name, value: not (name or value) or known(name, value)
