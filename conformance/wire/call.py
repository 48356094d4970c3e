"""One call of an operation, before a request is built from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.spec.operation import Operation

MAIN: Final = ""
NOBODY: Final = "nobody"
WRONG: Final = "wrong credentials"
ALTERED: Final = "altered credentials"
"""The `user` of a request with the main user's token, of which one character was changed."""
UNKNOWN: Final = (NOBODY, WRONG, ALTERED)
"""Those who have no credentials that were ever issued."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation.

    `user` sends it: the main user, one of UNKNOWN, or a name of the target file. `path` holds the path parameters,
    `template` replaces the documented path (a control path, another reading), and `content` holds arguments of httpx:
    params, json, data, files, content. `documented`: the documented form was requested although the target needs
    another one. With `may_redirect` or `may_be_too_large`, a redirect or a refusal of the size is a documented
    response.
    """

    operation: Operation
    user: str = MAIN
    path: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    documented: bool = False
    may_redirect: bool = False
    may_be_too_large: bool = False

    @property
    def with_token(self) -> bool:
        """Whether it carries the token of a user, which may have expired."""
        own = any(name.lower() == "authorization" for name in self.headers)
        return self.user not in UNKNOWN and not self.operation.anonymous and not own

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, so that it may be repeated."""
        return self.operation.effect == "read"

    @property
    def creates(self) -> bool:
        """Whether it creates something. A call of another path than the operation's does not."""
        return self.operation.effect == "create" and self.template is None

    @property
    def json(self) -> Any:
        """The JSON body; None without one."""
        return self.content.get("json")

    @property
    def named(self) -> frozenset[str]:
        """The identifiers in the path."""
        return frozenset(map(str, self.path.values()))

    def to(self, template: str) -> Call:
        """The same call of another path."""
        return replace(self, template=template)

    def with_json(self, body: Any) -> Call:
        """The same call with another JSON body."""
        return replace(self, content={**self.content, "json": body})

    def with_headers(self, headers: Mapping[str, str]) -> Call:
        """The same call with more headers. Headers of the call take precedence."""
        return replace(self, headers={**headers, **self.headers})
