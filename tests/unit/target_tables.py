"""Tables of a target file, one for each system, and what is read or refused of a file that has them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from conformance.target.target import Target, TargetError, parse

SECRET = "correct-horse-battery"

PM3: dict[str, Any] = {
    "url": "http://127.0.0.1:8301",
    "workspace": "workflow",
    "client_id": "client",
    "client_secret": "client-secret-value",
    "username": "admin",
    "password": SECRET,
}
PM4: dict[str, Any] = {"url": "http://127.0.0.1:8401", "access_token": "token-value", "process_id": 7}
PROCESIO: dict[str, Any] = {
    "proxy_url": "http://127.0.0.1:8501",
    "web_url": "http://127.0.0.1:8502",
    "realm": "procesio01",
    "username": "demo",
    "password": "procesio-password",
    "client_id": "procesio-ui",
    "client_secret": "",
    "workspace_id": "w",
    "process_id": "p",
    "api_key": {"name": "k", "value": "key-value"},
}


def read(env: dict[str, str] | None = None, base: Path = Path(), **tables: Any) -> Target:
    return parse({"name": "t", **copy.deepcopy(tables)}, base=base, env=env or {}, source="t.toml")


def refusal(env: dict[str, str] | None = None, base: Path = Path(), **tables: Any) -> str:
    with pytest.raises(TargetError) as caught:
        read(env, base, **tables)
    assert SECRET not in str(caught.value)
    return str(caught.value)
