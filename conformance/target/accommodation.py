"""Send a request in the undocumented form that a target needs.

An accommodated operation is the same operation, with the same effect and touches, in another form: client, guard and
control requests treat it like any other. `Operation.documented` keeps the documented form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from conformance.core.hints import hint
from conformance.spec import requirement_ids
from conformance.spec.operation import Form, Operation
from conformance.spec.specification import Specification
from conformance.spec.touched_ids import (
    HOP_BY_HOP,
    METHOD,
    OVERRIDES,
    UNREADABLE,
)
from conformance.target import placeholders
from conformance.target.tables import (
    HeaderSecret,
    Table,
    Text,
    header_names,
)

ACCOMMODATIONS: Final = "test_accommodations.py"
"""The module of each system's suite that tries documented forms."""

MEDIA: Final = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
}
OURS: Final = ("authorization", "content-length", "host", *HOP_BY_HOP, *OVERRIDES, *UNREADABLE)
"""Header fields that say who calls, or would make another request of it than the one that the guard judges."""

SEGMENTS: Final = re.compile(r"(/(\{\w+\}|[A-Za-z0-9_.~$()'@:+-]+))+/?")
READING: Final = ("GET", "POST")


def _header_fields(headers: dict[str, Any]) -> dict[str, Any]:
    if theirs := [name for name in header_names(headers) if name.lower() in OURS]:
        raise ValueError(f"has {theirs[0]}, which the suite sets itself; remove it")
    return headers


def _parameters(query: dict[str, Any]) -> dict[str, Any]:
    if any(name.casefold() == METHOD for name in query):
        raise ValueError(f"has {METHOD}, which changes the method on some servers; use `method` instead")
    if any(isinstance(value, list | dict) for value in query.values()):
        raise ValueError("has a list or a table for a parameter: must be text, a number, true or false")
    return query


class Accommodation(Table):
    """One entry of `accommodations`: an operation, and how to send it differently.

    `query`, `headers` and `body` are added to what a test sends; if both set the same member, that of the test is sent.
    Their values may depend on the call: `{path.app_uid}`, `{query.x}`, `{body.x}`, or `{read.getCase.x}` from a read.
    """

    operation: Text
    """An operation id, or `POST /path/{template}`."""
    reason: Text
    """Reason, shown in every report."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    """Method to use instead of the documented one."""
    path: Text | None = None
    """Path to use instead of the documented one, with the same parameters."""
    query: Annotated[dict[str, Any], AfterValidator(_parameters)] = Field({}, repr=False)
    """Additional query parameters."""
    headers: Annotated[dict[str, HeaderSecret], AfterValidator(_header_fields)] = Field(default={})
    """Additional header fields."""
    body: dict[str, Any] = Field({}, repr=False)
    """Additional members of the body."""
    encoding: Literal["json", "form", "multipart"] | None = None
    """How the members of the body are encoded."""

    def of(self, specification: Specification) -> Operation:
        """The accommodated operation.

        `documented` is set if something differs from the documents. An undocumented encoding does not.

        Raises:
            ValueError: the operation does not exist, nothing differs, or the guard could not check it safely.
        """
        documented = named(specification, self.operation)
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        query = {name: _text(value) for name, value in self.query.items()}
        other = replace(
            documented,
            method=self.method or documented.method,
            path=self.path or documented.path,
            form=Form(query, headers, self.body, self.encoding or ""),
            alternatives=(),
        )
        moved = (other.method, other.path) != (documented.method, documented.path)
        if not moved and other.form == Form():
            raise ValueError(f"does not say how to send {documented.id}; add method, path, query or another change")
        placeholders.check(documented, specification.operations, other.form)
        if moved:
            _judgeable(specification, documented, other)
        if self.encoding and not any(_sendable_as(body.media_type) for body in documented.bodies):
            raise ValueError(f"{documented.id} has no body that could be encoded differently; remove `encoding`")
        named_encoding = not self.encoding or MEDIA[self.encoding] in {body.media_type for body in documented.bodies}
        departs = moved or other.form != Form(encoding=other.form.encoding) or not named_encoding
        return replace(other, documented=documented) if departs else other


def accommodated(specification: Specification, accommodations: Iterable[Accommodation]) -> Specification:
    """The specification of a target that must be called in undocumented forms.

    Raises:
        ValueError: as `Accommodation.of`, or two of them are for one operation, or have one form.
    """
    for accommodation in accommodations:
        operation = accommodation.of(specification)
        if specification.operations[operation.id].form != Form() or specification.operations[operation.id].documented:
            raise ValueError(f"{operation.id} is there twice; merge the two")
        specification = replace(specification, operations={**specification.operations, operation.id: operation})
    return specification


def accommodated_operations(specification: Specification) -> list[Operation]:
    """The accommodated operations whose documented form is to be tested as well."""
    return [operation for operation in specification.operations.values() if operation.documented is not None]


def of_the_form(specification: Specification, operation: Operation) -> list[str]:
    """The requirements that the documented form of an operation exists and is accepted."""
    known = (
        requirement_ids.exists(operation.id),
        requirement_ids.status(operation.id, operation.success.status),
        operation.accepted_by,
    )
    return [value for value in known if value in specification.requirements]


def named(specification: Specification, text: str) -> Operation:
    """The operation with an id, or with `METHOD /path/{template}`. Raises ValueError if there is none."""
    if text in specification.operations:
        return specification.operations[text]
    forms = {f"{form.method} {form.path}": form for form in specification.forms}
    method, _, path = text.partition(" ")
    if (found := forms.get(f"{method.upper()} {path.strip()}")) is not None:
        return found
    known = forms if path else specification.operations
    raise ValueError(f"names {text!r}, which is not an operation of {specification.title}; {hint(text, known)}")


def apply_accommodation(operation: Operation, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content for httpx of a call of an operation (params, json, data, files, content), in the operation's form.

    Raw `content` is not changed: a test is about its bytes.
    """
    form, sent = operation.form, dict(content)
    if form.query:
        sent["params"] = {**form.query, **(sent.get("params") or {})}
    if "content" in sent or not (form.body or form.encoding):
        return sent
    key = next((key for key in ("json", "data") if key in sent), "")
    held = sent.get(key, {})
    if not isinstance(held, Mapping) or not (key or form.body):
        return sent
    whole = _merged(form.body, held)
    if "files" in sent:
        return {**sent, "data": {name: _text(value) for name, value in whole.items()}}
    sent.pop(key, None)
    documented = next(("form" for body in operation.bodies[:1] if body.media_type == MEDIA["form"]), "json")
    return {**sent, **_encoded(whole, form.encoding or {"json": "json", "data": "form"}.get(key, documented))}


def _encoded(members: Mapping[str, Any], encoding: str) -> dict[str, Any]:
    texts = {name: _text(value) for name, value in members.items()}
    match encoding:
        case "form":
            return {"data": texts}
        case "multipart":
            return {"files": {name: (None, value) for name, value in texts.items()}}
        case _:
            return {"json": dict(members)}


def _merged(given: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """The members of both; of one that both have, the sent value, or for objects the merged members."""
    both = {
        name: _merged(given[name], value) if isinstance(value, Mapping) and isinstance(given[name], Mapping) else value
        for name, value in sent.items()
        if name in given
    }
    return {**given, **sent, **both}


def _text(value: Any) -> str:
    """A value as text in a form or a query."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def _sendable_as(media_type: str) -> bool:
    """Whether a documented body consists of members: an upload does not."""
    return media_type != MEDIA["multipart"]


def _judgeable(specification: Specification, documented: Operation, other: Operation) -> None:
    """Check that the guard can distinguish another form of an operation from every other operation. Raises
    ValueError.
    """
    if not SEGMENTS.fullmatch(other.path) or {".", ".."} & set(other.path.split("/")):
        raise ValueError(f"has the path {other.path!r}; each segment must be plain text or one {{parameter}}")
    parameters, known = (re.findall(r"\{(\w+)\}", operation.path) for operation in (other, documented))
    constants = documented.constants
    wanted = [name for name in known if name not in constants]
    if sorted(name for name in parameters if name not in constants) != sorted(wanted) or not {*parameters} <= {*known}:
        message = ", ".join(f"{{{name}}}" for name in known) or "none"
        raise ValueError(
            f"has the path {other.path!r}; it must have the parameters of {documented.id}, each once: {message}"
        )
    if documented.effect == "read" and other.method not in READING:
        raise ValueError(f"has the method {other.method} for {documented.id}, which only reads: must be GET or POST")
    for form in specification.forms:
        more_literal = form.path.count("{") < other.path.count("{")
        if form.id != documented.id and not more_literal and _overlap(form, other):
            raise ValueError(
                f"{other.method} {other.path} can be mistaken for {form.id}: the guard could not distinguish them"
            )


def _overlap(operation: Operation, other: Operation) -> bool:
    """Whether a lenient server may match one request with the forms of both operations."""
    ours, theirs = (form.path.strip("/").casefold().split("/") for form in (operation, other))
    alike = (mine == its or "{" in mine + its for mine, its in zip(ours, theirs, strict=False))
    return (operation.method, operation.server, len(ours)) == (other.method, other.server, len(theirs)) and all(alike)
