"""Naming: what a request names is read from its bytes, or the request cannot be read."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from conformance.spec.specification import ResourceReference
from conformance.spec.touched_ids import (
    Unreadable,
    at,
    named,
    upload,
)

PATH = ResourceReference("path", name="uid")
QUERY = ResourceReference("query", name="id")
BODY = ResourceReference("body", pointer="/data/*/id")
UPLOAD = ResourceReference("upload", part="file", xpath=".//meta[@key='uid']")


def read(touch: ResourceReference, *, query: bytes = b"", body: Any = None, **upload: Any) -> list[str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(named((touch,), {"uid": "in-path"}, query, upload.get("content_type", ""), raw))


def multipart(**parts: bytes) -> tuple[str, bytes]:
    request = httpx.Request("POST", "http://t/", files={name: ("f", content) for name, content in parts.items()})
    return request.headers["content-type"], request.read()


def test_path_parameter_names_a_resource() -> None:
    assert read(PATH) == ["in-path"]


def test_decoded_query_parameter_names_a_resource() -> None:
    assert read(QUERY, query=b"x=1&id=a%20b%2Fc") == ["a b/c"]
    assert read(QUERY, query=b"id=") == [""]


@pytest.mark.parametrize("query", [b"", b"ID=1", b"id=1&id=2", b"id=1&x=1&x=2"])
def test_a_query_that_names_nothing_or_too_much_is_unreadable(query: bytes) -> None:
    with pytest.raises(Unreadable):
        read(QUERY, query=query)


def test_a_body_names_every_element_also_of_an_object_that_replaces_an_array() -> None:
    assert read(BODY, body={"data": [{"id": "a"}, {"id": 7}, {}]}) == ["a", "7"]
    assert read(BODY, body={"data": {"0": {"id": "a"}, "1": {"id": "b"}}}) == ["a", "b"]


@pytest.mark.parametrize("body", [{}, [], {"data": []}, {"data": [{"id": None}]}, b"", b"{", b"a=b", b"[" * 99_999])
def test_body_without_names_is_unreadable(body: Any) -> None:
    with pytest.raises(Unreadable):
        read(BODY, body=body)


def test_a_pointer_reaches_members_elements_and_the_document_itself() -> None:
    document = {"a": [{"b": 1}, {"b": 2}], "*": 3}
    assert list(at(document, "")) == [document]
    assert list(at(document, "/a/1/b")) == [2]
    assert list(at(document, "/a/*/b")) == [1, 2]
    assert list(at(document, "/a/9/b")) == []
    assert list(at("text", "/a")) == []


def test_upload_names_the_resources_in_its_xml() -> None:
    content_type, body = multipart(other=b"<meta key='uid'>no</meta>", file=b"<p><meta key='uid'> u1 </meta></p>")
    assert read(UPLOAD, body=body, content_type=content_type) == ["u1"]
    assert upload(content_type, body, "other") == b"<meta key='uid'>no</meta>"
    assert upload(content_type, body, "absent") is None


@pytest.mark.parametrize(
    "file",
    [
        b"", b"no xml", b"<p/>", b"<p><meta key='uid'> </meta></p>",
        b"<!DOCTYPE p [<!ENTITY e 'x'>]><p><meta key='uid'>&e;</meta></p>",
    ],
)  # fmt: skip
def test_upload_without_names_is_unreadable(file: bytes) -> None:
    content_type, body = multipart(file=file)
    with pytest.raises(Unreadable):
        read(UPLOAD, body=body, content_type=content_type)


def test_an_upload_of_another_content_type_is_unreadable() -> None:
    _, body = multipart(file=b"<p><meta key='uid'>u1</meta></p>")
    for content_type in ("", "application/json", "multipart/form-data"):
        with pytest.raises(Unreadable):
            read(UPLOAD, body=body, content_type=content_type)


@pytest.mark.parametrize(
    ("query", "holds"),
    [({}, True), ({"o": "KEEP"}, False), ({"o": " keep "}, False), ({"o": "OTHER"}, True), ({"p": "KEEP"}, True)],
)
def test_touch_may_exclude_some_values_of_a_parameter(query: dict[str, str], holds: bool) -> None:
    assert ResourceReference("path", when_query="o", unless=("KEEP",)).applies(query) is holds
