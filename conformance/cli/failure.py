"""Failure: input that cannot be used, and internal errors."""

from __future__ import annotations

import os
import tempfile
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.core import exit_codes
from conformance.core.command_name import as_called
from conformance.report import escape

if TYPE_CHECKING:
    from collections.abc import Iterator


class InputRefused(click.ClickException):
    """Input cannot be used; nothing was sent. The message says what is wrong and what to do."""

    exit_code = exit_codes.USAGE

    def __init__(self, message: str) -> None:
        super().__init__(as_called(escape.block(message)))  # it may quote a file that somebody else gave


@contextmanager
def refusing(*kinds: type[Exception]) -> Iterator[None]:
    """Convert exceptions whose messages are written for users to InputRefused."""
    try:
        yield
    except kinds as error:
        raise InputRefused(str(error)) from None


def internal(error: BaseException, directory: Path | None = None) -> int:
    """Report an internal error and where its traceback is; return the exit code.

    The traceback goes to a file in `directory` or, without one, in the temporary directory, and to standard error if
    CONFORMANCE_DEBUG=1 is set. The message of the error is only there, since it may contain what was sent.
    """
    trace = "".join(traceback.format_exception(error))
    what = f"conformance: internal error ({type(error).__name__}), which is a bug of the suite. The traceback"
    place = None if os.environ.get("CONFORMANCE_DEBUG") == "1" else _kept(trace, directory)
    if place is None:
        click.echo(f"{trace}\n{what} is above.", err=True)
    else:
        click.echo(f"{what} is in {place}; please report the bug with that file.", err=True)
    return exit_codes.INTERNAL


def _kept(trace: str, directory: Path | None) -> Path | None:
    """Where the traceback was written, or None if it could not be."""
    try:
        handle, name = tempfile.mkstemp(".txt", "traceback-" if directory else "conformance-traceback-", directory)
        with open(handle, "w", encoding="utf-8") as file:
            file.write(trace)
    except OSError:
        return None
    return Path(name)
