"""Command name: how the user called the command, for the commands that a message suggests."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME: Final = "conformance"
_SUGGESTED: Final = re.compile(rf"(?<=[`(]){NAME}(?= [a-z-])")  # in a message: `conformance …` or $(conformance …)


def command_name() -> str:
    """What to type to call the command again in the same way.

    `conformance`, or its path if a shell would not find it under the name; `uvx --from PLACE conformance` or
    `python -m conformance.cli` if it was started like that. Beside another program, such as pytest, its path next to
    it.
    """
    called = Path(sys.argv[0])
    if _is_temporary():
        return shlex.join(["uvx", *_source(), NAME])
    if called.name == "__main__.py" and called.parent.parent.name == NAME:
        return shlex.join([_shortest(Path(sys.executable)), "-m", f"{NAME}.{called.parent.name}"])
    beside = called if called.stem == NAME else called.with_name(NAME)
    return shlex.quote(_shortest(beside)) if beside.is_file() else NAME


def as_called(text: str) -> str:
    """A message with its commands, such as `conformance sweep RUN` between backticks, as the user has to type them."""
    return _SUGGESTED.sub(lambda _: command_name(), text)


def _shortest(program: Path) -> str:
    """The name of a program if a shell finds it under the name, or its path."""
    found = Path(shutil.which(program.name) or "/")
    same = found.absolute() == program.absolute()
    if program.stem == NAME:  # not Python: the one of an environment is a link to one that lacks its packages
        same = same or found.resolve() == program.resolve()
    return program.name if same else str(program)


def _is_temporary() -> bool:
    """Whether uvx started the command: in an environment in uv's cache, which the user's shell does not know."""
    return "UV" in os.environ and Path(sys.prefix).parent.name.startswith("archive-v")


def _source() -> list[str]:
    """The option of uvx that names what was installed, as pip and uv note it (PEP 610); none for a package index."""
    try:
        noted = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
        parts = urlsplit(str(noted["url"]))
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # without the secret of a private place
        if "vcs_info" in noted:
            place = f"{noted['vcs_info']['vcs']}+{url}@{noted['vcs_info']['commit_id']}"
        elif parts.scheme == "file":
            path = Path(url2pathname(parts.path))
            place = "." if path == Path.cwd() else str(path)
        else:
            place = url
    except (PackageNotFoundError, ValueError, KeyError, TypeError):
        return []
    return ["--from", place]
