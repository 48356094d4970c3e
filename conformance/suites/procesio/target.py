"""Target: the table `procesio` of the target file."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, SecretStr, model_validator

from conformance.core.near_misses import near_misses
from conformance.target.system_table import SystemTable, Url, absent, add, present
from conformance.target.tables import HeaderSecret, Secret, Segment, Table, Text

LOGIN: Final = ("realm", "username", "password", "client_id")


class ApiKey(Table):
    """An API key of PROCESIO's Web API."""

    name: Annotated[Text, Field(pattern=r"^[\x20-\x7e]+$")]
    """Its name."""
    value: HeaderSecret
    """The key itself."""


class ProcesioFixtures(Table):
    """What must already exist in PROCESIO's workspace. Every key is optional."""

    credential_template: Segment | None = None
    """The id of a credential template whose credentials and verbs are read."""
    credential_type: Segment | None = None
    """The id of a credential type whose data are read."""
    may_change: bool = False
    """Whether a run may change the fixtures."""


class Procesio(SystemTable):
    """The table `procesio`."""

    system: ClassVar[str] = "procesio"
    own_fixtures: ClassVar[tuple[str, ...]] = ("process_id",)
    asked: ClassVar[tuple[str, ...]] = ("proxy_url", "web_url", *LOGIN)

    proxy_url: Url | None = None
    """The URL of the Proxy API, which issues tokens; not needed with a `token_url`, or an API key and no user."""
    web_url: Url
    """The URL of the Web API."""
    token_url: Url | None = None
    """The full URL where tokens are requested, if that is not `/api/Authentication` below `proxy_url`."""
    realm: Text | None = None
    """The realm of the users."""
    username: Text | None = None
    """The user who logs in; optional with an API key."""
    password: Secret | None = None
    """That user's password."""
    client_id: Text | None = None
    """The client that requests tokens."""
    client_secret: SecretStr = SecretStr("")
    """The secret of that client, if it has one."""
    workspace_id: Annotated[Text, Field(pattern=r"^[\x21-\x7e]+$")] | None = None
    """The workspace; sent in the header field `workspaceId` with an API key and with a token."""
    process_id: Segment | None = None
    """A process that can be published and run."""
    payload: dict[str, Any] = Field({}, repr=False, examples=[{"…": "…"}])
    """The data with which that process is run."""
    api_key: ApiKey | None = None
    """An API key; tested if there is a `workspace_id` too."""
    fixtures: ProcesioFixtures = ProcesioFixtures()
    """What must already exist in the workspace."""

    @model_validator(mode="after")
    def _whole_login(self) -> Procesio:
        if self.key_alone:
            if self.api_key is None:
                raise ValueError(f"lacks {', '.join(LOGIN)}; {add(LOGIN)}, or a table [procesio.api_key]")
            if self.workspace_id is None:
                raise ValueError("has only an API key and lacks workspace_id; add workspace_id = …")
            return self
        if lacking := absent(self, LOGIN):
            raise ValueError(f"lacks {', '.join(lacking)}; {add(lacking)}")
        if self.proxy_url is None and self.token_url is None:
            raise ValueError("lacks proxy_url; add proxy_url = …, or token_url = … for another token endpoint")
        return self

    @property
    def key_alone(self) -> bool:
        """Whether there is no user, so that every call uses the API key."""
        return not present(self, (*LOGIN, "token_url"))

    @property
    def derived_secrets(self) -> dict[str, str]:
        """The wrong secrets that differ little from the right ones."""
        key = self.api_key.value.get_secret_value() if self.api_key else ""
        password = self.password.get_secret_value() if self.password else ""
        secrets = {"API_KEY": key, "PASSWORD": password, "CLIENT_SECRET": self.client_secret.get_secret_value()}
        return {
            f"PRO_{name}_{word}": missed
            for name, secret in secrets.items()
            for word, missed in near_misses(secret).items()
        }

    @property
    def asks_as_documented(self) -> bool:
        """Whether there is a Proxy API to authenticate at."""
        return self.proxy_url is not None or (self.token_url or "").endswith("/api/Authentication")

    @property
    def unasked(self) -> tuple[str, ...]:
        """The keys that are needed to request a token."""
        return tuple(absent(self, LOGIN))

    @property
    def asks_at_token_url(self) -> bool:
        """False if there is a Proxy API: its operation is tested there, while tokens come from elsewhere."""
        return self.asks_as_documented and self.proxy_url is None

    @property
    def tenant(self) -> dict[str, str]:
        """The workspace, where the table names one."""
        return {"workspace": self.workspace_id} if self.workspace_id else {}

    @property
    def login(self) -> str:
        """The name of the user."""
        return self.username or ("none, only the API key" if self.key_alone else "the owner of access_token")

    @property
    def access_keys(self) -> str:
        """The workspace."""
        return self.setting("workspace_id") if self.workspace_id is not None else ""

    @property
    def key_advice(self) -> str:
        """The API key, or the workspace that is sent with it."""
        name = self.api_key.name if self.api_key else ""
        return f"[procesio.api_key] name = {name!r} or value, or {self.setting('workspace_id')}"

    @property
    def key_opens_in_a_run(self) -> bool:
        """Whether there is a process: a key may be only for running it."""
        return self.process_id is not None
