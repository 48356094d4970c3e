"""Forms: fields and files of a form that the reference servers are sent, held in memory."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import create_form_parser
from starlette.exceptions import HTTPException

from conformance.reference.answers import media_type

if TYPE_CHECKING:
    from python_multipart.multipart import Field, File
    from starlette.requests import Request

# A form that cannot be parsed gets 400; a warning would appear in the middle of a user's report.
logging.getLogger("python_multipart").setLevel(logging.ERROR)

Uploads = dict[str, tuple[str, bytes]]
"""Files by the name of their part of the form: each its own name and its content."""


async def read_form(request: Request) -> tuple[dict[str, Any], Uploads]:
    """Fields, and files as name and content, of a form in either encoding. Raises HTTPException (400)."""
    if media_type(request) == "application/x-www-form-urlencoded":
        return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)), {}
    fields: dict[str, Any] = {}
    files: Uploads = {}

    def on_field(field: Field) -> None:
        fields[_text(field.field_name)] = _text(field.value)

    def on_file(file: File) -> None:
        file.file_object.seek(0)
        files[_text(file.field_name)] = _text(file.file_name), file.file_object.read()

    label = request.headers.get("content-type", "").encode("latin-1")
    try:
        parser = create_form_parser(
            {"Content-Type": label}, on_field, on_file, config={"MAX_MEMORY_FILE_SIZE": float("inf")}
        )
        parser.write(await request.body())
        parser.finalize()
    except (FormParserError, ValueError):
        raise HTTPException(400, "The body is not a form that can be read.") from None
    return fields, files


def one_file(files: Uploads) -> tuple[str, bytes]:
    """Name and content of the one file of a form. Raises HTTPException (400) when there is none, or are more."""
    if len(files) != 1:
        raise HTTPException(400, "Send one file, as a part of a multipart form.")
    return next(iter(files.values()))


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")
