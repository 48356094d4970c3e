"""Whether a body shows a thing, whatever its layout is."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.engine import presence

ID = "6f1d2a5b-93c0-4e7d-8b62-0a4c7e9d1f35"
OTHER = "0b7c4f12-55aa-4c1e-9d3f-7e21c8a09b46"
NAME = "Approve & pay"


@pytest.mark.parametrize(
    "body",
    [
        {"id": ID},
        {"data": {"ID": ID.upper()}},
        [{"name": "first"}, {"processId": ID}],
        {"items": [{"node": {"uuid": ID, "children": []}}]},
        {"total": 1, "rows": [ID]},
        {ID: {"name": "first"}},
        [["name", ID]],
    ],
)
def test_identifier_is_found_in_any_layout(body: Any) -> None:
    assert presence.shown(body, ID)
    assert not presence.shown(body, OTHER)


@pytest.mark.parametrize(
    "body",
    [
        {"id": OTHER, "parentId": ID},
        [{"id": OTHER, "copiedFrom": {"id": OTHER}, "sourceId": ID}],
        {"traceId": ID, "items": []},
        {"id": OTHER, "note": f"made of {ID} yesterday"},
        {"id": OTHER, "previous": [ID]},
        {},
        [],
        None,
        "nothing here",
    ],
)
def test_reference_to_a_resource_does_not_show_it(body: Any) -> None:
    assert not presence.shown(body, ID)


@pytest.mark.parametrize("value", [NAME, f" {NAME}\n", "Approve &amp; pay", NAME.upper()])
def test_name_is_found_after_escaping_and_trimming(value: str) -> None:
    assert presence.shown([{"caption": value}], ID, names=[NAME])
    assert presence.named({"title": value}, NAME)
    assert not presence.named({"parentTitle": value}, NAME)


def test_number_must_match_the_whole_text() -> None:
    assert presence.mentioned({"number": 7}, "7")
    assert presence.mentioned({"number": "7"}, "7")
    assert not presence.mentioned({"number": "17", "told": "7 of them"}, "7")
    assert not presence.is_value(True, "True")


def test_identifier_of_the_object_itself_comes_first() -> None:
    item = {"createdBy": {"id": OTHER}, "workspaceId": OTHER, "processId": ID, "name": NAME}
    assert presence.identities(item) == [ID, OTHER]
    assert presence.likeliest(item)[0] == ID
    assert presence.likeliest({**item, "id": ID})[0] == ID
    assert presence.likeliest({"data": {"id": ID}, "traceId": OTHER})[0] == ID
    assert presence.likeliest({"pro_uid": ID, "id": OTHER}, own="pro_uid")[0] == ID


def test_innermost_object_with_the_identifier_is_the_resource() -> None:
    inner = {"id": ID, "name": NAME}
    assert presence.about({"id": OTHER, "data": {"flow": inner}}, ID) == inner
    assert presence.about({"items": {ID: {"name": NAME}}}, ID) == {"name": NAME}
    assert presence.about({"id": OTHER, "parentId": ID}, ID) is None


def test_deeply_nested_body_is_searched() -> None:
    body: Any = {"id": ID}
    for _ in range(5000):
        body = {"data": [body]}
    assert any(item.get("id") == ID for item in presence.objects(body))
