"""Prism serves what `conformance spec` prints: it accepts each documented request, and no wrong body."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from conformance.spec.openapi import inline
from conformance.spec.specification import SYSTEMS

from .test_bundle import EXAMPLES, printed

pytestmark = pytest.mark.matrix

LONG_ENOUGH: Final = "1f2e3d4c5b6a79881f2e3d4c5b6a7988"
UNPROCESSABLE: Final = 422
UNDER_NAME: Final = frozenset({"project_file", "USR_PHOTO", "form", "file"})  # a part of a form that is a file


@contextmanager
def mocked(document: Mapping[str, Any], directory: Path) -> Iterator[httpx.Client]:
    """Prism with a document; a request that does not match it gets an error."""
    tool = shutil.which("prism")
    if tool is None:
        pytest.skip("prism is not on the PATH")
    (directory / "api.json").write_text(json.dumps(document), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    call = [tool, "mock", "--errors", "--port", str(port), "api.json"]
    with (
        (directory / "log.txt").open("wb") as log,
        subprocess.Popen(call, cwd=directory, stdout=log, stderr=subprocess.STDOUT) as server,
    ):
        try:
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=60, transport=httpx.HTTPTransport(retries=9)
            ) as client:
                yield client
        finally:
            server.kill()


def example(parameter: Mapping[str, Any]) -> str:
    """A value for a parameter, its example if it has one."""
    schema = parameter["schema"]
    given = parameter.get("example", schema.get("example", schema.get("default", (schema.get("enum") or [None])[0])))
    return str(given) if given is not None else "7" if schema.get("type") == "integer" else LONG_ENOUGH


def credentials(operation: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, str]:
    """The headers of the first security requirement of an operation."""
    headers = {}
    for name in next(iter(operation.get("security", document.get("security", []))), {}):
        scheme = document["components"]["securitySchemes"][name]
        if scheme["type"] == "apiKey":
            headers[scheme["name"]] = "x"
        else:
            headers["authorization"] = "Basic eDp5" if scheme.get("scheme") == "basic" else "Bearer x"
    return headers


def requests(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each operation: its id, and a request that matches the document, with the documented body."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not isinstance(operation, dict):
                continue
            url, headers = path, credentials(operation, document)
            query: dict[str, str] = {}
            for parameter in (*item.get("parameters", ()), *operation.get("parameters", ())):
                name, value = parameter["name"], example(parameter)
                if parameter["in"] == "path":
                    url = url.replace(f"{{{name}}}", value)
                elif parameter.get("required"):
                    (query if parameter["in"] == "query" else headers)[name] = value
            call = {"method": method.upper(), "url": url, "params": query, "headers": headers}
            yield operation["operationId"], call | body(operation)


def body(operation: Mapping[str, Any]) -> dict[str, Any]:
    """The documented body of an operation, or else its example, as httpx wants it."""
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, media in content.items():
        named: dict[str, Any] = next(iter(media.get("examples", {}).values()), {})
        value = EXAMPLES.get(f"{operation['operationId']}.request", media.get("example", named.get("value")))
        assert value is not None, operation["operationId"]
        if media_type == "multipart/form-data":
            return {"files": {name: (name if name in UNDER_NAME else None, str(value[name]) or "x") for name in value}}
        return {"data" if media_type == "application/x-www-form-urlencoded" else "json": value}
    return {}


@pytest.mark.parametrize("system", SYSTEMS)
def test_prism_accepts_the_documented_request_of_each_operation(system: str, tmp_path: Path) -> None:
    document = inline(printed(system))
    wanted = dict(requests(document))
    with mocked(printed(system), tmp_path) as client:
        refused = {
            name: (response.status_code, response.text)
            for name, request in wanted.items()
            if (response := client.request(**request)).is_error
        }
    assert refused == {}
    assert len(wanted) == sum(isinstance(entry, dict) for item in document["paths"].values() for entry in item.values())


@pytest.mark.parametrize(
    ("system", "operation", "wrong"),
    [
        ("processmaker3", "createProject", ["no object"]),
        ("processmaker4", "startRequest", ["no object"]),
        ("procesio", "runProcess", {"payload": "no object"}),
    ],
)
def test_prism_refuses_a_body_of_another_type(system: str, operation: str, wrong: object, tmp_path: Path) -> None:
    document = printed(system)
    request = dict(requests(inline(document)))[operation]
    with mocked(document, tmp_path) as client:
        assert client.request(**request).is_success
        assert client.request(**request | {"json": wrong}).status_code == UNPROCESSABLE
