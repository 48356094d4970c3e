"""Placeholders: values of an accommodation that depend on the call, `{path.app_uid}` or `{read.getCase.name}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from conformance.core.hints import hint, nearest
from conformance.spec.operation import Form, Operation

PLACEHOLDER: Final = re.compile(r"\{(\w+)\.([^{}\s]+)\}")
KINDS: Final = ("path", "query", "body", "read")
"""Where a value comes from: the path, query or body of the same call, or what a read of the same thing shows."""


class Unresolved(Exception):
    """A placeholder for which the call, or what was read, has no value. The message says which."""


def check(operation: Operation, operations: Mapping[str, Operation], form: Form) -> None:
    """Check that each placeholder of a form can have a value in a call of an operation.

    Raises:
        ValueError: it names an unknown kind of value, a missing path parameter, or a read that cannot be made.
    """
    for kind, name in _named([form.query, form.headers, form.body]):
        whole = f"{{{kind}.{name}}}"
        if kind not in KINDS:
            if nearest(kind, KINDS):
                raise ValueError(f"has the placeholder {whole}; {hint(kind, KINDS)}")
            continue
        if kind == "path" and name not in (*operation.path_parameters, *operation.constants):
            known = operation.path_parameters
            message = hint(name, known) if known else f"{operation.id} has no path parameter."
            raise ValueError(f"has the placeholder {whole}; {message}")
        if kind == "read":
            _readable(operation, operations, whole, name)


def _readable(operation: Operation, operations: Mapping[str, Operation], whole: str, name: str) -> None:
    read, _, member = name.partition(".")
    reads = {item.id for item in operations.values() if item.effect == "read"}
    if read not in reads:
        raise ValueError(f"has the placeholder {whole}, and {read} is not an operation that reads; {hint(read, reads)}")
    if not member:
        raise ValueError(f"has the placeholder {whole} without a member; write it like {{read.{read}.name}}")
    if missing := [
        parameter for parameter in operations[read].path_parameters if parameter not in operation.path_parameters
    ]:
        raise ValueError(
            f"has the placeholder {whole}, and {read} needs {missing[0]}, which {operation.id} does not have"
        )


def depends(form: Form) -> bool:
    """Whether a form has a placeholder."""
    return any(kind in KINDS for kind, _ in _named([form.query, form.headers, form.body]))


def resolved(form: Form, lookup: Callable[[str, str], Any]) -> Form:
    """The form with values instead of its placeholders; `lookup` gets kind and name. Raises what it raises."""
    query = {name: _text(_filled(value, lookup)) for name, value in form.query.items()}
    headers = {name: _text(_filled(value, lookup)) for name, value in form.headers.items()}
    return Form(query, headers, _filled(form.body, lookup), form.encoding)


def _filled(value: Any, lookup: Callable[[str, str], Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(item, lookup) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, lookup) for item in value]
    if not isinstance(value, str):
        return value
    found = PLACEHOLDER.fullmatch(value)
    if found and found[1] in KINDS:  # a placeholder alone keeps the type of its value
        return lookup(found[1], found[2])
    return PLACEHOLDER.sub(lambda match: _text(lookup(match[1], match[2])) if match[1] in KINDS else match[0], value)


def _named(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield from ((found[1], found[2]) for found in PLACEHOLDER.finditer(node))
    elif isinstance(node, Mapping | list | tuple):
        for item in node.values() if isinstance(node, Mapping) else node:
            yield from _named(item)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
