"""Record file: writes and reads `run.json`."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from conformance.core import input_files
from conformance.core.atomic_write import write_text
from conformance.core.run_directory import RunDirectory
from conformance.report.run_record import SCHEMA_VERSION, RunRecord

LIMIT: Final = 256 * 1024 * 1024  # bytes: the record of a whole run of three systems has a hundredth of it
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class UnreadableRun(Exception):
    """A run directory cannot be read. The message says which file, why, and what to do."""


def write(record: RunRecord, directory: Path) -> Path:
    """Write `run.json` into `directory` and return its path."""
    path = RunDirectory(directory).record
    write_text(path, record.model_dump_json(by_alias=True, indent=1) + "\n")  # ten times as fast as by `json`
    return path


def sha256(run: Path) -> str:
    """The SHA-256 of the file of a record. Raises OSError."""
    with (RunDirectory(run).record if run.is_dir() else run).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(run: Path) -> RunRecord:
    """Read the record of a run directory (or of a `run.json` itself).

    Raises:
        UnreadableRun: there is no such file, it is not JSON, or it has another format.
    """
    path = RunDirectory(run).record if run.is_dir() else run
    try:
        text = input_files.text(path, LIMIT)
        data = json.loads(text)
        if _SURROGATE.search(text):
            data = _encodable(data)
    except OSError as error:
        if run.is_dir() and RunDirectory(run).is_killed:
            message = (
                "the run was killed before it wrote its record, or is not over. If it is over, remove what it left"
            )
            advice = f"with `conformance sweep {run} --target FILE`, and run it again"
            raise UnreadableRun(f"{run}: {message} {advice}.") from None
        raise UnreadableRun(
            f"{path}: cannot be read ({error.strerror}); choose a directory that `conformance run` wrote."
        ) from None
    except input_files.Unreadable as error:
        raise UnreadableRun(f"{path}: {error}.") from None
    except RecursionError:
        raise UnreadableRun(f"{path}: is nested deeper than any record; choose a run that this suite wrote.") from None
    except ValueError:
        raise UnreadableRun(
            f"{path}: is not complete JSON, because the run was interrupted while writing. Run it again."
        ) from None
    found = data.get("schema") if isinstance(data, dict) else None
    if found != SCHEMA_VERSION:
        raise UnreadableRun(
            f"{path}: has format {found!r}, this suite reads format {SCHEMA_VERSION}; "
            "read it with the version of the suite that wrote it."
        )
    try:
        return RunRecord.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            what = "is an unknown member; read it with the version of the suite that wrote it, or remove what was added"
        else:
            what = f"{first['msg']}; run it again"
        raise UnreadableRun(f"{path}: {place}: {what}.") from None


def _encodable(node: Any) -> Any:
    """Data of a record in which a text has no half of a surrogate pair, which no file and no terminal can hold."""
    if isinstance(node, dict):
        return {_encodable(name): _encodable(member) for name, member in node.items()}
    if isinstance(node, list):
        return [_encodable(item) for item in node]
    return node.encode("utf-8", "replace").decode() if isinstance(node, str) else node
