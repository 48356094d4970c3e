"""Allure entry: what all Allure results of the suite have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

from allure_commons.model2 import Label, StatusDetails, TestResult
from attr import asdict

from conformance.report import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def entry(
    name: str,
    key: str,
    *,
    layer: str,
    status: str,
    details: StatusDetails,
    description: Iterable[str],
    labels: Iterable[tuple[str, str]],
) -> TestResult:
    """A result that Allure recognises by `key` in the next run; empty labels are omitted."""
    return TestResult(
        uuid=str(uuid4()),
        name=escape.line(name),
        fullName=f"{layer}:{key}",
        historyId=key,
        testCaseId=key,
        status=status,
        statusDetails=details,
        stage="finished",
        description="\n".join(description),
        labels=[
            Label(name=str(name), value=escape.line(value)) for name, value in (("layer", layer), *labels) if value
        ],
    )


def store(result: TestResult, directory: Path) -> None:
    """Write a result for Allure. There are more than a thousand per run: Allure's own logger takes three times as
    long.

    Raises:
        OSError: the directory cannot be written.
    """
    data = json.dumps(asdict(result, filter=lambda _, value: bool(value)), ensure_ascii=False)
    (directory / f"{result.uuid}-result.json").write_bytes(data.encode())  # opening it for text takes longer


def rows(values: Mapping[str, str]) -> list[str]:
    """A list in Markdown of names and values; those that are empty are left out."""
    return [f"- **{name}:** {escape.markdown(value)}" for name, value in values.items() if value]
