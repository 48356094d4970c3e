"""Statement file: reads `statement.json`, which somebody else may have written."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from conformance.core import input_files
from conformance.report import escape
from conformance.report.statement.statement import SCHEMA_VERSION, Statement

NAME: Final = "statement.json"
LIMIT: Final = 32 * 1024 * 1024  # bytes: one of three systems with hundreds of deviations has a tenth of it


class UnreadableStatement(Exception):
    """A statement cannot be read. The message says which file, why, and what to do."""


def read(path: Path) -> Statement:
    """Read a statement, named by its file or by its directory. Raises UnreadableStatement."""
    file = path / NAME if path.is_dir() else path
    try:
        data = json.loads(input_files.text(file, LIMIT))
    except OSError as error:
        advice = "choose a directory or a statement.json that `conformance statement` wrote"
        raise UnreadableStatement(f"{file}: cannot be read ({error.strerror}); {advice}.") from None
    except input_files.Unreadable as error:
        raise UnreadableStatement(f"{file}: {error}.") from None
    except (ValueError, RecursionError):
        raise UnreadableStatement(f"{file}: is not JSON; choose a statement.json.") from None
    found = data.get("schema") if isinstance(data, dict) else None
    if found != SCHEMA_VERSION:
        shown = escape.line(str(found), 40)
        raise UnreadableStatement(
            f"{file}: has format {shown}, this suite reads format {SCHEMA_VERSION}; choose a statement.json."
        )
    try:
        statement = Statement.model_validate(data)
        datetime.fromisoformat(statement.date)
    except ValidationError as error:
        first = error.errors()[0]
        place = escape.line(".".join(map(str, first["loc"])), 100)
        raise UnreadableStatement(f"{file}: {place} is wrong: {escape.line(first['msg'], 200)}.") from None
    except ValueError:
        raise UnreadableStatement(f"{file}: date is not one of ISO 8601; choose a statement.json.") from None
    return statement
