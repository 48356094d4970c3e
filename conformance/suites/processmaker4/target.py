"""Target: the table `processmaker4` of the target file."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from conformance.target.system_table import SystemTable, Url, absent, add, present, without
from conformance.target.tables import Secret, Text, Token

RootUrl = Annotated[Url, AfterValidator(without("/api/1.0"))]


class ProcessMaker4(SystemTable):
    """The table `processmaker4`."""

    system: ClassVar[str] = "processmaker4"
    own_fixtures: ClassVar[tuple[str, ...]] = ("process_id", "other_process_id")
    asked: ClassVar[tuple[str, ...]] = ("url", "access_token", "process_id")

    url: RootUrl
    """The URL of the server, without `/api/1.0`."""
    access_token: Token | None = None
    """A token of a user who may start the process; required unless there is a `token_url`."""
    token_url: Url | None = None
    """The full URL where tokens are requested, such as `https://pm4.example.com/oauth/token`."""
    client_id: Text | None = None
    """The application that requests tokens; required with `token_url`."""
    client_secret: Secret | None = None
    """The secret of that application."""
    refresh_token: Secret | None = None
    """Used to get the first token. Without it and without an `access_token`, the client's credentials are used."""
    process_id: PositiveInt
    """A process with one start event; the run starts Requests of it."""
    other_process_id: PositiveInt | None = Field(default=None, examples=[8])
    """Another process that starts with the same request data. It shows that the path selects the process."""
    request_data: dict[str, Any] = Field({}, repr=False)
    """The data with which a Request is started."""

    @property
    def identifiers(self) -> frozenset[str]:
        """The processes, which may be started."""
        return frozenset(str(number) for number in (self.process_id, self.other_process_id) if number is not None)

    @property
    def advice(self) -> str:
        """A server that wants the start event may respond to a call without one as to an unknown process."""
        if any(
            accommodation.operation == "startRequest" or "process_events" in accommodation.operation
            for accommodation in self.accommodations
        ):
            return ", or the accommodation of startRequest"
        return (
            ", or, if the process exists, name its start event with an accommodation of startRequest with "
            'query = { event = "node_1" }, where node_1 is the id of the start event in the BPMN of the process'
        )

    @model_validator(mode="after")
    def _whole_login(self) -> ProcessMaker4:
        if self.access_token is None and self.token_url is None:
            message = "or token_url = … with client_id and client_secret or refresh_token"
            raise ValueError(f"lacks access_token; add access_token = …, {message}")
        if self.token_url is None and (extra := present(self, ("client_id", "client_secret", "refresh_token"))):
            raise ValueError(f"has {', '.join(extra)} but no place to get a token; add token_url = …")
        if self.token_url is not None and (self.refresh_token is None or self.client_id is None):
            lacking = absent(self, ("client_id", "client_secret"))
            if lacking:
                raise ValueError(f"has token_url and lacks {', '.join(lacking)}; {add(lacking)}")
        return self
