"""The process list of a machine shows no secret during a run."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Final

import pytest

from conformance.core import exit_codes
from tests.runs.support import served, start

pytestmark = pytest.mark.timeout(900)  # it ends by itself; on a busy machine late

SECRET: Final = re.compile(rb'(?:password|client_secret) = "(.+)"')
SHOWN: Final = ("cmdline", "environ", "comm")


def shown_of(group: int) -> set[bytes]:
    """What the system shows of every process of a group."""
    found: set[bytes] = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == group:
                found.update((process / name).read_bytes() for name in SHOWN)
        except OSError:  # it has ended meanwhile
            continue
    return found


def test_no_process_of_a_run_shows_a_secret(tmp_path: Path) -> None:
    with served("processmaker3") as (reference, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        process = start(target, tmp_path / "run", "-n", "2", "--", "-k", "test_access or test_token")
        seen: set[bytes] = set()
        most = 0
        while process.poll() is None:
            shown = shown_of(process.pid)
            most = max(most, len({data for data in shown if b"\0" in data and b"python" in data}))
            seen |= shown
            time.sleep(0.05)
        printed, _ = process.communicate()
        secrets = [*SECRET.findall(toml.encode()), *(token.encode() for token in reference.accounts.tokens)]  # type: ignore[attr-defined]
    assert process.returncode == exit_codes.OK, printed
    assert most >= 2, "the processes were not seen at all"
    assert len(secrets) > 2
    assert not [secret for secret in secrets for text in seen if secret in text]
