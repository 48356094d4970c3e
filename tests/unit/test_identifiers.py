"""Identification: what an answer offers, what a list shows, and when it may show only a part."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.core.exchange import (
    Exchange,
    Headers,
    Request,
    Response,
)
from conformance.engine.identifiers import (
    addressable,
    candidates,
    identifier_of,
    listed,
    looks_paginated,
    pointed,
    shows,
)
from conformance.spec.specification import Link

UID, OTHER = "1" * 32, "2" * 32
READ = Link("read", "op", parameter="id", pointer="/id")
LIST = Link("list", "op", item="/id", name="/name")


def answered(body: Any, *headers: tuple[str, str], url: str = "http://t/") -> Exchange:
    given: Headers = headers
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange("e", "op", Request("GET", url), Response(200, given, raw))


def test_documented_place_is_the_first_candidate() -> None:
    assert candidates(answered({"workspaceId": OTHER, "id": UID}), READ) == [UID, OTHER]
    assert candidates(answered([{"old_uid": "", "new_uid": UID}, {"new_uid": OTHER}]), READ) == [UID, OTHER]
    assert len(candidates(answered([{"uid": str(number)} for number in range(99)]), READ)) < 10


@pytest.mark.parametrize(
    ("body", "identifier"),
    [
        ({"id": UID}, UID), ({"id": 7}, "7"), ("abc", "abc"), (7, "7"), ({"data": {"thingId": UID}}, UID),
        ([{"old_uid": "x"}], ""), ({"id": True}, ""), ({"id": None}, ""), (True, ""), ([], ""), (b"", ""),
    ],
)  # fmt: skip
def test_identifier_is_found_anywhere_in_a_response(body: Any, identifier: str) -> None:
    assert identifier_of(answered(body), READ) == identifier


@pytest.mark.parametrize(
    ("body", "url", "identifier"),
    [
        ({"callable_id": "ProcessId", "process_id": 2, "user_id": 1, "uuid": UID, "id": 41}, "/process_events/2", "41"),
        ({"process_id": 2, "uuid": UID, "process": {"id": 2}}, "/process_events/2", UID),
        ({"flowId": UID, "instanceId": OTHER}, f"/api/Projects/{UID}/run", OTHER),
        ({"id": UID, "instance": {"Id": OTHER}}, f"/api/Projects/{UID}/run?x=1", OTHER),
        ({"traceId": UID, "data": {"instanceId": OTHER}}, "/run", OTHER),
        ({"process_id": 2}, "/process_events/2", ""),
    ],
)
def test_started_instance_is_identified_by_its_own_identifier(body: Any, url: str, identifier: str) -> None:
    assert identifier_of(answered(body, url=f"http://t{url}"), None) == identifier


def test_identifier_is_pointed_at_by_the_documented_place_or_a_bare_text() -> None:
    assert pointed(answered({"id": UID}), READ) == UID
    assert pointed(answered(UID), READ) == UID
    assert pointed(answered({"thingId": UID}), READ) == pointed(answered(["x"]), READ) == ""


@pytest.mark.parametrize(
    ("location", "identifier"),
    [
        (f"/things/{UID}", UID),
        (f"https://t/things/{UID}/?x=1", UID),
        ("/things", ""),
        ("http://[", ""),
        (f"/of/{OTHER}", ""),  # what the call named already
    ],
)
def test_empty_create_response_is_identified_by_its_location(location: str, identifier: str) -> None:
    response = Response(201, (("Location", location),), b"")
    made = Exchange("e", "op", Request("POST", f"http://t/of/{OTHER}"), response)
    assert identifier_of(made, READ) == identifier
    assert candidates(replace(made, response=replace(response, status=200)), READ) == []


@pytest.mark.parametrize(
    "body",
    [[{"id": 1, "name": "a"}], {"items": [{"id": 1, "name": "a"}]}, {"n": 1, "data": [5, {"id": 1, "name": "a"}]}],
)
def test_a_list_is_read_bare_or_wrapped(body: Any) -> None:
    assert listed(answered(body), LIST) == [("1", "a")]


@pytest.mark.parametrize("body", [b"", b"{", {}, 5, None, {"items": {}}])
def test_other_bodies_have_no_items(body: Any) -> None:
    assert listed(answered(body), LIST) == []


def test_single_item_is_a_list_of_one_and_a_tree_has_items_at_every_depth() -> None:
    inner = {"id": OTHER, "name": "inner", "children": []}
    tree = {"id": UID, "name": "outer", "children": [inner]}
    assert listed(answered({"id": UID, "name": "one"}), LIST) == [(UID, "one")]
    assert listed(answered(tree), LIST) == [(OTHER, "inner")]
    assert listed(answered(tree), replace(LIST, tree=True)) == [(UID, "outer"), (OTHER, "inner")]


def test_list_is_found_next_to_other_arrays() -> None:
    body = {"links": [{"href": "/"}], "data": {"items": [{"id": UID, "name": " a &amp; b\n"}]}}
    assert (UID, "a & b") in listed(answered(body), LIST)


def test_a_list_shows_an_identifier_under_another_name_only_where_it_uses_none_of_the_usual_name() -> None:
    assert shows(answered([{"thingId": UID}]), LIST, UID)
    assert not shows(answered([{"id": OTHER, "copyOf": UID}]), LIST, UID)
    assert not shows(answered([{"thingId": OTHER}]), LIST, UID)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ([1], [("Link", '</things?page=2>; rel="next"')]), ([1], [("X-Total-Count", "40")]),
        ([1], [("Content-Range", "items 0-0/40")]), ({"data": [1], "total": 40}, []),
        ({"data": [1], "meta": {"totalCount": "2"}}, []), ({"items": [1], "nextPage": "abc"}, []),
        ({"items": [1], "has_more": True}, []), ({"items": [1], "pageNumber": 1}, []),
        ({"totalItemCount": 2, "pageNumber": 1, "pageItems": [1]}, []), ({"items": [1], "totalPages": 2}, []),
        ({"items": [1, 2], "pageSize": 2, "pageNumber": 1}, []), ({"items": [1], "limit": 20, "offset": 20}, []),
        ({"items": [1, 2], "count": 2, "page": 1, "per_page": 2}, []), ({"items": [1], "total": 1, "hasNext": 1}, []),
    ],
)  # fmt: skip
def test_list_with_signs_of_paging_may_be_incomplete(body: Any, headers: list[tuple[str, str]]) -> None:
    assert looks_paginated(answered(body, *headers))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ([{"id": 1, "page": 3, "total": 9}], []), ({"data": [1, 2], "total": 2}, []), ([], [("X-Powered-By", "PHP")]),
        ({"items": [1], "next": None, "has_more": False}, []), ([1], [("X-Total-Count", "1")]),
        ([1], [("Link", '</things>; rel="self"')]),
        ({"totalItemCount": 2, "pageNumber": 1, "pageItems": [1, 2]}, []), ({"count": 1, "data": [1]}, []),
        ({"content": [], "page": {"number": 0, "size": 20, "totalElements": 0, "totalPages": 1}}, []),
        ({"items": [1], "pageSize": 20, "pageNumber": 1}, []), ({"items": [1], "limit": 20, "offset": 0}, []),
        ({"items": [1], "pagination": {"page": 1, "next": None}}, []), ({"data": [1], "totalPages": "1"}, []),
        ([1], [("X-Total-Count", "1"), ("X-Page", "1"), ("X-Per-Page", "1")]),
    ],
)  # fmt: skip
def test_list_without_signs_of_paging_is_complete(body: Any, headers: list[tuple[str, str]]) -> None:
    assert not looks_paginated(answered(body, *headers))


@pytest.mark.parametrize(
    "identifier",
    ["", ".", "..", "?x", "a/b", "%2e%2e", "a,b", "*", "a|b", "0", "null", "TRUE", "me", " all ", "a\0", "x" * 256],
)
def test_a_word_for_no_or_several_resources_is_not_an_identifier(identifier: str) -> None:
    assert not addressable(identifier)


@pytest.mark.parametrize("identifier", ["7", "me7", "a.b", "{a-b}", "x" * 255, "ä", "a b"])
def test_an_unusual_identifier_is_one(identifier: str) -> None:
    assert addressable(identifier)
