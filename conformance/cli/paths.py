"""Paths: the type of path arguments, with the checks that every path needs."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Final

import click

THERE_IS_NONE: Final = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)


class PathType(click.Path):
    """A path, which may not exist. An impossible one is a usage error."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises click.BadParameter."""
        try:
            os.lstat(value)
        except OSError as error:
            if error.errno not in THERE_IS_NONE:
                self.fail(f"{str(value)[:40]!r}…: {error.strerror}; choose another path.", param, ctx)
        except ValueError as error:
            self.fail(f"{str(value)[:40]!r}: {error}; choose another path.", param, ctx)
        return super().convert(value, param, ctx)


PATH: Final = PathType()
