"""Command name: how the user called the command, for the commands that a message suggests."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

NAME: Final = "conformance"


def command_name() -> str:
    """`conformance`, or its path as it was called if that is not what a shell would find under the name."""
    called = Path(sys.argv[0])
    if called.name != NAME:  # pytest, or `python -m conformance`
        return NAME
    found = shutil.which(NAME)
    return NAME if found and Path(found).resolve() == called.resolve() else shlex.quote(str(called))
