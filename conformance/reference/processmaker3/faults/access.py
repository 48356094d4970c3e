"""The faults of the ProcessMaker 3 reference in who gets a token, and who may call what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.answers import bearer_token
from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.oauth import SPARE, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from conformance.reference.processmaker3.oauth import Account
    from conformance.reference.processmaker3.server import ProcessMaker3

    Grant = Callable[[dict[str, Any], str | None], dict[str, Any]]

SYSTEM: Final = "processmaker3"

# Each operation of the reference with the words for it.
_OPERATIONS: Final = {
    "list_projects": "list-projects",
    "create_project": "create-project",
    "bulk": "bulk-delete",
    "generate_bpmn": "generate-bpmn",
    "import_project": "import-project",
    "get_project": "read-project",
    "update_project": "update-project",
    "delete_project": "delete-project",
    "export_project": "export-project",
    "get_process": "read-process",
    "update_process": "update-process",
}
# Faults with a name of their own.
_NAMED: Final = {
    "pm3-list-projects-by-outsider": "pm3-outsider-may-list",
    "pm3-delete-project-by-outsider": "pm3-outsider-may-delete",
    "pm3-list-projects-without-token": "pm3-list-without-token",
}


def _register(operation: str, words: str) -> None:
    """The faults of one operation: it serves users without (the) permission, without a token, with a wrong one."""

    def by_outsider(ref: ProcessMaker3) -> None:
        ref.routes.permissions[operation] = frozenset({"PM_LOGIN"})

    def by_participant(ref: ProcessMaker3) -> None:
        ref.routes.permissions[operation] = frozenset({"PM_FACTORY", "PM_CASES"})

    def without_token(ref: ProcessMaker3) -> None:
        _admit(ref, operation, lambda token: token is None)

    def wrong_token(ref: ProcessMaker3) -> None:
        _admit(ref, operation, lambda token: token is not None and ref.accounts.holder(token) is None)

    if operation != "get_project":  # for which either is enough
        fault(f"pm3-{words}-by-participant", SYSTEM, f"{words} accepts PM_CASES instead of PM_FACTORY.")(by_participant)
    for kind, description, apply in (
        ("by-outsider", "needs a token, but no permission", by_outsider),
        ("without-token", "needs no token", without_token),
        ("wrong-token", "accepts any token as the administrator's", wrong_token),
    ):
        name = f"pm3-{words}-{kind}"
        fault(_NAMED.get(name, name), SYSTEM, f"{words} {description}.")(apply)


def _admit(ref: ProcessMaker3, operation: str, admitted: Callable[[str | None], bool]) -> None:
    """Let requests whose bearer token is `admitted` call `operation`, as the administrator."""
    administrator = next(iter(ref.accounts.by_client.values()))

    def make(authorise: Callable[[Request, str], Account]) -> Callable[[Request, str], Account]:
        def allow(request: Request, called: str) -> Account:
            if called == operation and admitted(bearer_token(request)):
                return administrator
            return authorise(request, called)

        return allow

    override(ref.routes, "authorise", make)


for _operation, _words in _OPERATIONS.items():
    _register(_operation, _words)


@fault("pm3-read-project-needs-factory", SYSTEM, "Reading a project needs PM_FACTORY; PM_CASES is not enough.")
def _(ref: ProcessMaker3) -> None:
    ref.routes.permissions["get_project"] = frozenset({"PM_FACTORY"})


@fault("pm3-token-basic-refused", SYSTEM, "Client credentials in an HTTP Basic header are ignored.")
def _(ref: ProcessMaker3) -> None:
    override(ref.accounts, "basic", lambda _: lambda _authorization: None)


@fault("pm3-token-scope-list-refused", SYSTEM, "A scope with several values is refused.")
def _(ref: ProcessMaker3) -> None:
    def make(scope: Callable[[str], str]) -> Callable[[str], str]:
        def single(value: str) -> str:
            if " " in value:
                raise TokenRefused("invalid_scope", "The scope must be one value.")
            return scope(value)

        return single

    override(ref.accounts, "scope", make)


@fault("pm3-token-scope-all-refused", SYSTEM, "The scope * is refused.")
def _(ref: ProcessMaker3) -> None:
    def make(grant: Grant) -> Grant:
        def named_scopes(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            if form.get("scope") == "*":
                raise TokenRefused("invalid_scope", "There is no scope *.")
            return grant(form, authorization)

        return named_scopes

    override(ref.accounts, "grant", make)


@fault("pm3-token-second-dead", SYSTEM, "A second token for the same user is not accepted by any operation.")
def _(ref: ProcessMaker3) -> None:
    def make(grant: Grant) -> Grant:
        def first_only(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            before = [token.account for token in ref.accounts.tokens.values()]
            answer = grant(form, authorization)
            if ref.accounts.tokens[answer["access_token"]].account in before:
                del ref.accounts.tokens[answer["access_token"]]
            return answer

        return first_only

    override(ref.accounts, "grant", make)


@fault("pm3-token-own-client-refused", SYSTEM, "Users get tokens only with the first application, not with their own.")
def _(ref: ProcessMaker3) -> None:
    first, *others = ref.accounts.by_client.values()
    own = {account.username: account for account in others}

    def make(grant: Grant) -> Grant:
        def by_first(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            account = own.get(form.get("username", ""))
            if account is None:
                return grant(form, authorization)
            if form.get("client_id") != first.client_id:
                raise TokenRefused("unauthorized_client", "This application gives no tokens.")
            return grant({**form, "client_id": account.client_id, "client_secret": account.client_secret}, None)

        return by_first

    override(ref.accounts, "grant", make)


@fault("pm3-token-opens-nothing", SYSTEM, "No operation accepts the tokens that are issued.")
def _(ref: ProcessMaker3) -> None:
    override(ref.accounts, "holder", lambda _: lambda _token: None)


def _answering(ref: ProcessMaker3, empty: Callable[[dict[str, Any], str | None], bool]) -> None:
    """Accept token requests of which `empty` is true, without returning a token."""

    def make(grant: Grant) -> Grant:
        def without(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            answer = grant(form, authorization)
            return {"token_type": "bearer"} if empty(form, authorization) else answer

        return without

    override(ref.accounts, "grant", make)


@fault("pm3-token-scope-list-empty", SYSTEM, "A scope with several values is accepted, but no token is returned.")
def _(ref: ProcessMaker3) -> None:
    _answering(ref, lambda form, _authorization: " " in str(form.get("scope")))


@fault("pm3-token-scope-list-dead", SYSTEM, "No operation accepts the token for a scope with several values.")
def _(ref: ProcessMaker3) -> None:
    def make(grant: Grant) -> Grant:
        def forgetting(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            answer = grant(form, authorization)
            if " " in str(form.get("scope")):
                del ref.accounts.tokens[answer["access_token"]]
            return answer

        return forgetting

    override(ref.accounts, "grant", make)


@fault("pm3-token-basic-empty", SYSTEM, "Client credentials by HTTP Basic are accepted, but no token is returned.")
def _(ref: ProcessMaker3) -> None:
    _answering(ref, lambda _form, authorization: authorization is not None)


def _accepting(ref: ProcessMaker3, *members: str) -> None:
    """Let members of a token request be as they should, whatever they are."""

    def make(grant: Grant) -> Grant:
        def gullible(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            known = [account for account in ref.accounts.by_client.values() if account.username == form.get("username")]
            right = {member: getattr(account, member) for account in known for member in members if member in form}
            return grant({**form, **right}, authorization)

        return gullible

    override(ref.accounts, "grant", make)


@fault("pm3-token-any-password", SYSTEM, "Passwords are not checked.")
def _(ref: ProcessMaker3) -> None:
    _accepting(ref, "password")


@fault("pm3-token-any-secret", SYSTEM, "The secret of a client is not checked.")
def _(ref: ProcessMaker3) -> None:
    _accepting(ref, "client_secret")


@fault("pm3-token-any-user", SYSTEM, "An unknown user gets a token of the user who registered the client.")
def _(ref: ProcessMaker3) -> None:
    def make(grant: Grant) -> Grant:
        def gullible(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            accounts = ref.accounts
            known = {account.username for account in accounts.by_client.values()} | set(accounts.newcomers)
            client = accounts.by_client.get(str(form.get("client_id")))
            unknown = client is not None and form.get("username") not in known
            own = {"username": client.username, "password": client.password} if client and unknown else {}
            return grant({**form, **own}, authorization)

        return gullible

    override(ref.accounts, "grant", make)


@fault("pm3-token-any-client", SYSTEM, "An unknown client gets tokens like the user's own client.")
def _(ref: ProcessMaker3) -> None:
    def make(grant: Grant) -> Grant:
        def gullible(form: dict[str, Any], authorization: str | None) -> dict[str, Any]:
            known = [account for account in ref.accounts.by_client.values() if account.username == form.get("username")]
            unknown = bool(known) and form.get("client_id") not in (None, *ref.accounts.by_client, *SPARE)
            return grant({**form, "client_id": known[0].client_id} if unknown else form, authorization)

        return gullible

    override(ref.accounts, "grant", make)
