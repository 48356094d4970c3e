"""A token that no header field can carry is no credential: no internal error, and nothing is left over."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.core import exit_codes
from tests.runs.support import run, served

from .test_secrets_of_servers import ONLY, tokens

UNSENDABLE: Final = {
    "a letter beyond ASCII": "t\u00f6ken",
    "a letter beyond Latin-1": "token-\u03a9",
    "an emoji": "token-\U0001f511",
    "a line break": "token\r\nX-Evil: 1",
    "a zero byte": "token\x00",
    "half a surrogate pair": "token\ud83d",
    "a number": 17,
    "a list": ["token"],
}


@pytest.mark.parametrize("later", [False, pytest.param(True, marks=pytest.mark.matrix)], ids=["always", "later"])
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(value, marks=[] if value in ("a letter beyond ASCII", "a line break") else [pytest.mark.matrix])
        for value in UNSENDABLE
    ],
)
def test_run_ends_in_order_and_leaves_nothing(kind: str, later: bool, tmp_path: Path) -> None:
    given = count()

    def change(body: dict[str, Any]) -> None:
        if "access_token" in body and (not later or next(given) > 2):
            body["access_token"] = UNSENDABLE[kind]

    with served("processmaker3", change=tokens(change)) as (reference, toml):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(toml)
        result = run(
            tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1", pytest_args=[] if later else ONLY
        )
        after = reference.snapshot()
    assert result.code in (exit_codes.DEVIATIONS, exit_codes.UNAVAILABLE), result.printed
    assert result.record.leftovers == []
    assert after == before
