"""A server below a URL path, as behind a gateway: it changes no verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.cli import main
from conformance.core import exit_codes
from conformance.reference import Reference
from conformance.spec.specification import SYSTEMS
from tests.runs.support import Run, edited, run, served

PREFIX: Final = "/apps/pm"
SHORT: Final = {"processmaker3": "test_updates", "processmaker4": "test_start_request", "procesio": "test_schedules"}


class Gateway:
    """Forwards requests below a prefix, the longest first, without it; anything else is not found."""

    def __init__(self, apps: dict[str, ASGIApp]) -> None:
        self._apps = sorted(apps.items(), key=lambda pair: -len(pair[0]))
        self.astray: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for prefix, app in self._apps:
            if scope["path"].startswith(f"{prefix}/"):
                inner = {name: scope[name][len(prefix) :] for name in ("path", "raw_path")}
                return await app({**scope, **inner}, receive, send)
        self.astray.append(scope["path"])
        return await PlainTextResponse("no such application", 404)(scope, receive, send)


def prefixed(prefixes: dict[str, str], gateways: list[Gateway]) -> tuple[Callable[[Reference], None], Any]:
    """A change of a reference, whose apps go below prefixes of one gateway, and one of its target file."""

    def behind(reference: Reference) -> None:
        apps = dict(reference.apps)
        gateway = Gateway({prefixes[key]: app for key, app in apps.items()})
        gateways.append(gateway)
        vars(reference)["apps"] = dict.fromkeys(apps, gateway)

    def below(data: dict[str, Any]) -> None:
        table = next(data[system] for system in SYSTEMS if system in data)
        root = next(table[key] for key in prefixes)
        table.update({key: root + prefix for key, prefix in prefixes.items()})

    return behind, below


def ran(
    system: str, directory: Path, prefixes: dict[str, str] | None = None, pytest_args: Sequence[str] = ()
) -> tuple[Run, list[Gateway]]:
    """A run against a reference below prefixes, or unchanged, after a check."""
    gateways: list[Gateway] = []
    behind, below = prefixed(prefixes, gateways) if prefixes else (lambda _: None, lambda _: None)
    directory.mkdir()
    with served(system, change=behind) as (_, toml):
        target = directory / "target.toml"
        target.write_text(edited(toml, below))
        assert main(["check", str(target)], standalone_mode=False) == exit_codes.OK
        return run(target, directory / "run", "--max-examples", "1", pytest_args=pytest_args), gateways


def prefixes_of(system: str) -> dict[str, str]:
    if system == "procesio":
        return {"proxy_url": f"{PREFIX}-proxy", "web_url": f"{PREFIX}/web"}
    return {"url": PREFIX}


def same(item: Run, other: Run) -> None:
    details, expected = ({v.requirement: (v.outcome, v.reason) for v in run.record.verdicts} for run in (item, other))
    assert details == expected


@pytest.mark.parametrize("system", SYSTEMS)
def test_requirements_conform_below_a_url_path(system: str, tmp_path: Path) -> None:
    result, gateways = ran(system, tmp_path / "below", prefixes_of(system), ["-k", SHORT[system]])
    assert (result.code, result.record.deviations, result.record.problems) == (exit_codes.OK, [], [])
    assert result.record.verdicts
    assert gateways[0].astray == []


@pytest.mark.matrix
@pytest.mark.parametrize("system", SYSTEMS)
def test_verdicts_are_the_same_below_a_url_path(system: str, tmp_path: Path) -> None:
    below, gateways = ran(system, tmp_path / "below", prefixes_of(system))
    plain, _ = ran(system, tmp_path / "plain")
    assert (below.code, below.record.deviations) == (exit_codes.OK, [])
    assert gateways[0].astray == []
    same(below, plain)


@pytest.mark.matrix
@pytest.mark.parametrize(
    "prefixes",
    [
        {"proxy_url": "/proxy", "web_url": ""},
        {"proxy_url": "", "web_url": "/web/v2"},
        {"proxy_url": "/pro/cesio", "web_url": "/pro"},
        {"proxy_url": "/pr~oxy/v1", "web_url": "/pr~oxy"},
    ],
)
def test_one_url_may_be_a_prefix_of_another(prefixes: dict[str, str], tmp_path: Path) -> None:
    below, _ = ran("procesio", tmp_path / "below", prefixes)
    assert (below.code, below.record.deviations) == (exit_codes.OK, [])
