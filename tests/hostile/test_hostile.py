"""The command stands on a target that misbehaves: it ends, says so by its code, keeps its record and its secrets."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from conformance import exitcodes
from tests.runs.support import Run, run, served

from .server import Hostile

LONGEST: Final = 20.0  # seconds of a run
SECRET: Final = re.compile(r'^(?:access_token|password|client_secret) = "(.+)"$', re.MULTILINE)


def met(
    system: str, name: str, directory: Path, *, timeout: float = 0.5, only: Collection[str] = ()
) -> tuple[Run, Hostile]:
    """Run everything (or the tests whose names hold one of `only`) against a server that misbehaves in the way `name`.

    Whatever it is, the run ends in time and in order, with a whole record and without a secret in what it writes.
    """
    with ExitStack() as stack:
        reference, toml = stack.enter_context(served(system))
        elsewhere = stack.enter_context(Hostile("empty_reply"))
        url = re.search(r'^url = "(.+)"$', toml, re.MULTILINE)
        assert url is not None
        server = stack.enter_context(Hostile(name, upstream=url[1], elsewhere=elsewhere.url))
        toml = toml.replace(url[1], server.url).replace("[limits]", f"[limits]\nrequest_timeout = {timeout}")
        target = directory / "target.toml"
        target.write_text(toml.replace('level = "disposable"', 'level = "owned"'))
        began = time.monotonic()
        selection = ["-k", " or ".join(only)] if only else []
        result = run(target, directory / "run", "--system", system, "--max-examples", "2", pytest_args=selection)
        seconds = time.monotonic() - began
    assert elsewhere.asked == []
    assert seconds < LONGEST
    told = (directory / "run" / "run.json").read_text(encoding="utf-8")
    assert result.code == result.record.exit_code
    assert result.code in (exitcodes.OK, exitcodes.DEVIATIONS, exitcodes.UNAVAILABLE), result.record.problems
    for text in (result.printed, told):
        assert "Traceback" not in text
        assert "Error:" not in text.replace("ProtocolError:", "").replace("ReadError:", "")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", result.printed)
    assert result.record.verdicts
    secrets = [one.encode() for one in SECRET.findall(toml)]
    assert secrets
    kept(directory / "run", secrets)
    return result, server


def kept(output: Path, secrets: Collection[bytes]) -> None:
    """See that no file holds a secret, or enough of one to guess the rest, also in Base64."""
    hidden = {form for one in secrets for form in (one[:-4], base64.b64encode(one)[:-4])}
    for path in output.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [one for one in hidden if one in content], path.name
