"""Where the resources that a request acts on come from: another operation, or the target file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.spec.operation import Link, Operation


def producer_of(
    operations: Mapping[str, Operation], operation: Operation, parameter: str = ""
) -> tuple[Operation, Link] | None:
    """The operation that makes what `operation` acts on, with the link that leads there.

    With a `parameter`, the one that makes what this path parameter names.
    """
    for maker in operations.values():
        for link in maker.links:
            leads = link.parameter or link.member
            if link.operation == operation.id and leads and (not parameter or link.parameter == parameter):
                return maker, link
    return None


def creator_of(operations: Mapping[str, Operation], operation: Operation) -> Operation | None:
    """The operation that creates the kind of resource that `operation` acts on, with only a body."""
    if operation.effect == "create":
        return None
    for item in operations.values():
        alone = item.effect == "create" and not item.path_parameters
        if alone and item.resource == operation.resource and item.link("delete") and item.names:
            return item
    return None


def source(operations: Mapping[str, Operation], operation: Operation, parameter: str) -> Operation | None:
    """The operation that makes what a parameter names (the body, if it is empty); None for a fixture."""
    found = producer_of(operations, operation, parameter)
    return found[0] if found else creator_of(operations, operation)


def shown_by_list(operations: Mapping[str, Operation], operation: Operation) -> Link | None:
    """The link to a list with the identifier for a read, which then needs no create; or None.

    None if the read takes a name or another value, which a list need not contain.
    """
    if operation.effect != "read" or operation.confidential or len(operation.path_parameters) != 1:
        return None
    parameter = operation.path_parameters[0]
    found = producer_of(operations, operation, parameter)
    if found is not None and (found[1].sent or found[1].carries):
        return None
    maker = found[0] if found is not None else creator_of(operations, operation)
    link = maker.link("list") if maker is not None else None
    return link if link is not None and not operations[link.operation].path_parameters else None


def subjects(operation: Operation) -> list[str]:
    """What a call acts on: its path parameters, or the empty name if only its body names it."""
    named_by_body = any(touch.where == "body" and not touch.optional for touch in operation.touches)
    return operation.path_parameters or ([""] if named_by_body else [])


def changed_by(operation: Operation) -> list[str]:
    """The subjects that a call changes, whose ownership the guard checks."""
    touched = {touch.name if touch.where == "path" else "" for touch in operation.touches if not touch.optional}
    return [subject for subject in subjects(operation) if subject in touched] if operation.effect != "read" else []


def pointers(operation: Operation) -> list[str]:
    """The places of the body that are fixtures, in addition to the path."""
    return [place for place in operation.fixtures if place.startswith("/") and operation.path_parameters]


def key_of(operation: Operation, parameter: str) -> str:
    """The key of the target file for what a parameter names (the body, if it is empty); or empty."""
    fallback = "" if parameter else next(iter(operation.fixtures.values()), "")
    return operation.fixtures.get(parameter, fallback)


def takes_named(operations: Mapping[str, Operation], operation: Operation, parameter: str) -> bool:
    """Whether a call acts on the fixture of the target file, if there is one, and not on a created resource.

    Executions use fixtures: no document says that a resource with a guessed body can be executed.
    """
    found = producer_of(operations, operation, parameter)
    if found is not None:
        return found[0].effect == "administer" or operation.starts
    return creator_of(operations, operation) is None or operation.effect in ("read", "execute")


def dependencies(
    operations: Mapping[str, Operation], operation: Operation, gives: Callable[[str], bool] = lambda _: False
) -> list[Operation]:
    """The operation and, in order, those that make what each acts on.

    `gives` returns whether the target file has a key.
    """
    found = [operation]
    for item in found:
        for parameter in subjects(item):
            made_by = source(operations, item, parameter)
            given = gives(key_of(item, parameter)) and takes_named(operations, item, parameter)
            if made_by is not None and made_by not in found and not given:
                found.append(made_by)
    return found


def needed(operations: Mapping[str, Operation], operation: Operation) -> tuple[str, ...]:
    """The keys of the target file without which no documented call of an operation can be made."""
    keys = [
        key_of(dependency, parameter)
        for dependency in dependencies(operations, operation)
        for parameter in [*subjects(dependency), *pointers(dependency)]
        if source(operations, dependency, parameter) is None
    ]
    return tuple(dict.fromkeys(key for key in keys if key))


def maker_of(operations: Mapping[str, Operation], operation: Operation) -> Operation | None:
    """The operation that creates what another one acts on: itself, if it is a create."""
    if operation.effect == "create":
        return operation
    found = producer_of(operations, operation)
    if found is not None and found[0].effect == "create" and found[0].resource == operation.resource:
        return found[0]
    return creator_of(operations, operation)


def shown_by(operations: Mapping[str, Operation], operation: Operation) -> Operation | None:
    """The operation that shows what another one creates or changes: at the same path, otherwise its read or its
    list.
    """
    if operation.effect == "update" and operation.path_parameters:
        for item in operations.values():
            if item.effect == "read" and item.method == "GET" and item.path == operation.path:
                return item
    made_by = maker_of(operations, operation)
    links = [made_by.link(step) for step in ("read", "list")] if made_by is not None else []
    return next(
        (operations[link.operation] for link in links if link is not None and link.operation in operations), None
    )
