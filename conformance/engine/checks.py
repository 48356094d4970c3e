"""Pure functions from exchanges to verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, Final

import jsonschema_rs

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import places
from conformance.core.messages import caller, message_of
from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Verdict,
)
from conformance.engine.comparison import Described
from conformance.spec import requirement_ids
from conformance.spec.rules import (
    DEVIATION_KIND,
    Rule,
    RuleKind,
    has_type,
    json_type,
    tolerant,
)
from conformance.spec.specification import Operation, ResponseSpec

REFUSAL: Final = "a refusal with a 4xx status"  # what is expected if no document names the status
MAX_QUOTED: Final = 200  # maximal characters of a value in a verdict
LARGE_BODY: Final = 1_000_000  # bytes of a response from which on only the first items of each list are checked
MAX_ITEMS: Final = 1_000
MAX_VALUES: Final = 200_000  # maximal values of one response that are checked
KEYWORDS: Final = {"required": RuleKind.PRESENT, "type": RuleKind.TYPE, "enum": RuleKind.VALUES}


def shorten(value: Any) -> str:
    """A value as verdicts show it: its Python notation, shortened."""
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate cannot be stored
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"


def quoted(value: Any) -> str:
    """A value as verdicts show it: as JSON, so that text, numbers and null differ."""
    return value if isinstance(value, Described) else shorten(json.dumps(value, ensure_ascii=False))


def describe(exchange: Exchange) -> str:
    """Describe a response in a few words. A refusal also names the caller and quotes the server's message."""
    response = exchange.response
    if not exchange.has_response:
        return f"no response ({exchange.error})"
    description = f"status {response.status}, {response.media_type or 'no content type'}"
    if response.status < 300:
        return description
    message = message_of(response)
    return f"{description}, to {caller(exchange.user)}{f': {message}' if message else ''}"


def conforms(requirement: str, operation: str, *exchanges: Exchange, location: str = "") -> Verdict:
    """The verdict that a requirement holds, with the exchanges in which it could have failed."""
    evidence = tuple(exchange.id for exchange in exchanges)
    return Verdict(requirement, operation, Outcome.CONFORMS, evidence, location=location)


def deviates(
    requirement: str,
    operation: str,
    kind: Kind,
    expected: str,
    observed: str,
    *exchanges: Exchange,
    location: str = "",
    detail: str = "",
) -> Verdict:
    """The verdict that a requirement is contradicted by the exchanges."""
    evidence = tuple(exchange.id for exchange in exchanges)
    texts = shorten(expected), shorten(observed)
    return Verdict(requirement, operation, Outcome.DEVIATES, evidence, kind, location, *texts, detail=detail)


def blocked(requirement: str, operation: str, by: str, detail: str = "") -> Verdict:
    """The verdict that a requirement could not be tested because of the deviation with the fingerprint `by`."""
    return Verdict(requirement, operation, Outcome.BLOCKED, blocked_by=by, detail=detail)


def body_of(operation: Operation, exchange: Exchange) -> Any:
    """The parsed body. An array of one element is unwrapped, if that is the rejected reading of a contradiction.

    Raises:
        NotJson: the body is not JSON.
    """
    body = exchange.response.json
    if operation.success.wrapped and isinstance(body, list) and len(body) == 1:
        return body[0]
    return operation.success.found_in(body)


def refused(requirement: str, operation: str, exchange: Exchange, control: Exchange) -> Verdict:
    """Whether a request was refused that differs in one thing from the accepted request `control`.

    Any 4xx is a refusal, since the documents state no status here (rule 5).
    """
    if exchange.response.refused:
        return conforms(requirement, operation, exchange, control)
    kind = Kind.NOT_REFUSED if exchange.response.ok else Kind.STATUS
    return deviates(requirement, operation, kind, REFUSAL, describe(exchange), exchange, control)


def server_error(operation: Operation, exchange: Exchange) -> Verdict:
    """Whether the server responded without a server error (500 or higher). It is at most a finding.

    If a document defines a refusal as "400 or higher", 500 is a refusal.
    """
    requirement = requirement_ids.no_server_error(operation.id)
    if exchange.response.status < 500 or operation.refusal(exchange.response.status) is not None:
        return conforms(requirement, operation.id, exchange)
    return deviates(requirement, operation.id, Kind.SERVER_ERROR, "a status below 500", describe(exchange), exchange)


def success(operation: Operation, exchange: Exchange) -> list[Verdict]:
    """All structural verdicts on the accepted response (2xx) to a documented call (OpenAPI spec of the operation).

    They cover the operation's existence, status, content type, and every rule of the response schema that the response
    reached. An accommodated call gives none on existence and status, which belong to the documented form.
    """
    expected = operation.success
    documented = operation.response(exchange.response.status) or expected
    if documented.status[0] != "2":
        documented = expected
    verdicts = list(content(operation, documented, exchange))
    if operation.documented is not None:
        return verdicts
    status = [_status(operation, expected, exchange)] if operation.fixes_status(expected) else []
    return [conforms(requirement_ids.exists(operation.id), operation.id, exchange), *status, *verdicts]


def content(operation: Operation, documented: ResponseSpec, exchange: Exchange) -> list[Verdict]:
    """The verdicts on content type and body of a response with the spec `documented`."""
    if not documented.media_types:
        return []
    media = _media_type(operation, documented, exchange)
    if documented.schema is None or not any(media_type.endswith("json") for media_type in documented.media_types):
        return [media]
    verdicts = [media]
    root = requirement_ids.at_place(operation.id, documented.status, "", RuleKind.TYPE)
    try:
        body = exchange.response.json
    except NotJson as error:
        firm = media.outcome is Outcome.DEVIATES and documented.content_type is documented.citation.level
        root_verdict = media if firm else None  # a finding must not replace a deviation
        if root_verdict is None:
            root_verdict = deviates(root, operation.id, Kind.NOT_JSON, "a JSON body", str(error), exchange)
            verdicts.append(root_verdict)
        verdicts.extend(_blocked_rules(operation, documented, documented.rules, root_verdict))
        return verdicts
    if documented.wrapped:
        wrapped = isinstance(body, list) and len(body) == 1
        verdicts.append(_wrapping(operation, documented, exchange, wrapped))
        body = body[0] if wrapped else body
    body = documented.found_in(body)
    verdicts.extend(schema(operation, documented, body, exchange))
    return verdicts


def schema(operation: Operation, documented: ResponseSpec, body: Any, exchange: Exchange) -> list[Verdict]:
    """One verdict for each rule of the response schema that the body reached or broke."""
    walked = list(islice(places(body), MAX_VALUES))
    wrong: set[tuple[str, int]] = set()
    broken = dict(_broken(operation, documented, body, walked, exchange, wrong))
    reached = set(_reached(documented, walked, wrong))
    roots = {rule.place: verdict for rule, verdict in broken.items() if rule.kind in _BLOCKING_KINDS}
    verdicts = list(broken.values())
    for rule in documented.rules:
        if rule in broken:
            continue
        root = _root(rule, roots)
        if rule in reached:
            verdicts.append(conforms(_id(operation, documented, rule), operation.id, exchange, location=rule.place))
        elif root is not None:
            verdicts.extend(_blocked_rules(operation, documented, [rule], root))
    return verdicts


_BLOCKING_KINDS: Final = frozenset({RuleKind.PRESENT, RuleKind.TYPE})
_FORM_KINDS: Final = frozenset({RuleKind.PREFERRED, RuleKind.TOLERATED})  # rules for values that are otherwise valid


def _id(operation: Operation, documented: ResponseSpec, rule: Rule) -> str:
    return requirement_ids.at_place(operation.id, documented.status, rule.place, rule.kind)


def _status(operation: Operation, documented: ResponseSpec, exchange: Exchange) -> Verdict:
    requirement = requirement_ids.status(operation.id, documented.status)
    if any(
        response.status[0] == "2" and response.matches(exchange.response.status) for response in operation.responses
    ):
        return conforms(requirement, operation.id, exchange)
    return deviates(requirement, operation.id, Kind.STATUS, documented.status, str(exchange.response.status), exchange)


def _media_type(operation: Operation, documented: ResponseSpec, exchange: Exchange) -> Verdict:
    requirement = requirement_ids.content_type(operation.id, documented.status)
    found = exchange.response.media_type
    if any(_same_media(wanted, found) for wanted in documented.media_types):
        return conforms(requirement, operation.id, exchange)
    wanted = " or ".join(documented.media_types)
    return deviates(requirement, operation.id, Kind.CONTENT_TYPE, wanted, found or "no content type", exchange)


def _same_media(wanted: str, found: str) -> bool:
    """Whether media types match: exactly, or by the suffix of the same family. For XML, any media type with "xml"."""
    if wanted.endswith("xml"):
        return "xml" in found
    if wanted.endswith("json"):
        return found == wanted or found.endswith("+json")
    return found == wanted


def _wrapping(operation: Operation, documented: ResponseSpec, exchange: Exchange, wrapped: bool) -> Verdict:
    requirement = requirement_ids.unwrapped(operation.id, documented.status)
    if not wrapped:
        return conforms(requirement, operation.id, exchange)
    return deviates(
        requirement, operation.id, Kind.OTHER_READING, "the object itself", "an array that contains it", exchange
    )


def _blocked_rules(
    operation: Operation, documented: ResponseSpec, rules: Iterable[Rule], root: Verdict
) -> Iterator[Verdict]:
    """The rules that cannot be checked because of `root`. A finding does not block what is stated more firmly."""
    by = root.fingerprint
    if by is None:
        return
    levels = (rule.citation.level for rule in documented.rules if _id(operation, documented, rule) == root.requirement)
    finding = next(levels, documented.content_type) is Level.MAY
    for rule in rules:
        requirement = _id(operation, documented, rule)
        if requirement != root.requirement and not (finding and rule.citation.level is not Level.MAY):
            yield blocked(requirement, operation.id, by)


def _root(rule: Rule, roots: dict[str, Verdict]) -> Verdict | None:
    """The broken rule at the place itself or at one that encloses it."""
    for place, verdict in roots.items():
        inside = rule.place == place or rule.place.startswith((f"{place}/", f"{place}["))
        if inside or place == "":
            return verdict
    return None


@cache
def _validator(system: str, operation: str, status: str) -> Any:
    from conformance.spec.specification import load

    documented = next(
        response for response in load(system).operations[operation].responses if response.status == status
    )
    return jsonschema_rs.Draft202012Validator(tolerant(documented.schema or {}), validate_formats=True)


def _broken(
    operation: Operation,
    documented: ResponseSpec,
    body: Any,
    walked: list[tuple[str, Any]],
    exchange: Exchange,
    wrong: set[tuple[str, int]],
) -> Iterator[tuple[Rule, Verdict]]:
    """Each rule that the body breaks, once, with its verdict. A value of a wrong type breaks no other rule.

    Adds the place and the identity of each wrong value to `wrong`.
    """
    by_key = documented.by_key
    found: dict[Rule, tuple[str, str]] = {}
    mistyped: set[str] = set()
    validator = _validator(operation.system, operation.id, documented.status)
    if not validator.is_valid(body):
        # listing a million errors takes half a minute
        fewer = _thinned(body) if len(exchange.response.body) > LARGE_BODY else body
        errors = validator.iter_errors(body if validator.is_valid(fewer) else fewer)
        errors = sorted(errors, key=lambda error: error.kind.name != "type")
        for error in errors:
            steps = tuple(error.instance_path)
            kind = KEYWORDS.get(error.kind.name, RuleKind.FORMAT)
            exact = "/".join(str(step) for step in steps)
            place = _place(steps)
            if kind is RuleKind.PRESENT:
                spelled = by_key.get((f"{place}/{error.kind.property}", RuleKind.SPELLED))
                place = f"{place}/{error.kind.property}"
                observed = "absent"
                if spelled is not None and spelled.values[0] in _value(body, steps):
                    kind, observed = RuleKind.SPELLED, f"`{spelled.values[0]}` in its place"
            else:
                if exact in mistyped:
                    continue
                value = _value(body, steps)
                observed = f"{json_type(value)}: {shorten(value)}"
                wrong.add((place, id(value)))
                if kind is RuleKind.TYPE:
                    mistyped.add(exact)
            rule = by_key.get((place, kind)) or by_key.get((place, RuleKind.TYPE))  # digits belong to the type
            if rule is not None:
                found.setdefault(rule, (rule.expected, observed))
    for place, value in walked:
        if (place, id(value)) in wrong or not _typed(by_key, place, value):
            continue
        tolerated = by_key.get((place, RuleKind.TOLERATED))
        if tolerated is not None and value in tolerated.values:
            found.setdefault(tolerated, (tolerated.expected, shorten(value)))
        preferred = by_key.get((place, RuleKind.PREFERRED))
        if by_key.get((place, RuleKind.TYPE)) in found:
            continue
        if preferred is not None and value is not None and not preferred.prefers(value):
            found.setdefault(preferred, (preferred.expected, f"{json_type(value)}: {shorten(value)}"))
    for rule, (expected, observed) in found.items():
        requirement = _id(operation, documented, rule)
        kind_of = DEVIATION_KIND[rule.kind]
        yield (
            rule,
            deviates(requirement, operation.id, kind_of, expected, observed, exchange, location=rule.place),
        )


def _thinned(node: Any) -> Any:
    """A copy of a body with the first items of each list only."""
    if isinstance(node, dict):
        return {name: _thinned(member) for name, member in node.items()}
    return [_thinned(item) for item in node[:MAX_ITEMS]] if isinstance(node, list) else node


def _reached(documented: ResponseSpec, walked: list[tuple[str, Any]], wrong: set[tuple[str, int]]) -> Iterator[Rule]:
    """The rules that the body could have broken. A pattern cannot be broken by a value that is not text."""
    for place, value in walked:
        if place in documented.by_place:
            typed = _typed(documented.by_key, place, value)
            excluded = _FORM_KINDS if (place, id(value)) in wrong else ()
            yield from (r for r in documented.by_place[place] if r.kind not in excluded and _can_break(r, value, typed))


def _can_break(rule: Rule, value: Any, typed: bool) -> bool:
    """Whether a value could have broken a rule at its place; `typed`: it has one of the types of the place."""
    match rule.kind:
        case RuleKind.PRESENT | RuleKind.TYPE | RuleKind.SPELLED:
            return True
        case RuleKind.FORMAT:
            return typed and has_type(value, rule.values)
        case RuleKind.VALUES:
            return typed and not (value is None and None in rule.values)
        case _:
            return typed and value is not None


def _typed(by_key: Mapping[tuple[str, RuleKind], Rule], place: str, value: Any) -> bool:
    """Whether a value has one of the types that are required at its place. If not, no other rule is checked."""
    rule = by_key.get((place, RuleKind.TYPE))
    return rule is None or has_type(value, rule.values)


def _place(steps: tuple[str | int, ...]) -> str:
    return "".join("[]" if isinstance(step, int) else f"/{step}" for step in steps)


def _value(body: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        body = body[step]
    return body
