"""Write several stored requests as a shell script that sends them again, passing values from responses on."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from conformance.core.command_name import as_called
from conformance.report import curl, escape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from conformance.core.exchange import Request
    from conformance.report.deviation_record import DeviationRecord

ENV: Final = 'eval "$(conformance env TARGET)"'
"""The command that sets the variables which a script needs."""
RUN: Final = "run"
"""The variable with the random digits that make the names of each run of the script new ones."""
_LONGEST: Final = 120  # characters of a line that says what a step does
_WORD: Final = re.compile(r"""'[^']*'|"(?:\$(\w+)|[^"]*)\"""")
_TAKE: Final = r"""take() {  # PLACE [TEXT]: a value of the last response; * is the item of a list that contains TEXT
  printf '%s' "$response" | python3 -c '
import json, sys
text = sys.stdin.read().replace("\r\n", "\n")
while text.startswith("HTTP/"):
    text = text.partition("\n\n")[2]
try:
    found = [json.loads(text)]
    for key in sys.argv[1].split("/")[1:]:
        if key == "*":
            found = [one for many in found for one in many if sys.argv[2] in json.dumps(one, ensure_ascii=False)]
        else:
            found = [one[int(key)] if isinstance(one, list) else one[key] for one in found]
    print(found[0])
except (ValueError, LookupError, TypeError, RecursionError):
    sys.exit("stopped: the response has no value at " + " ".join(sys.argv[1:]))
' "$@"
}"""
_RANDOM: Final = f"{RUN}=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \\n')  # new names in each run"
_NEW_WORD: Final = "conf$(od -An -N6 -tx1 /dev/urandom | tr -d ' \\n')  # of a user that this script creates"


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that a script extracts from a response: the variable, and the place in the JSON.

    `*` in the place matches the item of a list that contains the `text`.
    """

    variable: str
    place: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a script. `status` is that of the recorded response, `pause` the seconds to wait before it.

    The response to the `shown` one shows the deviation.
    """

    operation: str
    request: Request
    status: int = 0
    taken: tuple[Taken, ...] = ()
    pause: float = 0
    shown: bool = False


def script(
    steps: Sequence[Step],
    about: Sequence[str],
    placeholders: Collection[str],
    files: Mapping[str, str] | None = None,
    passwords: Collection[str] = (),
) -> str:
    """A script for bash that sends the steps; it begins with the lines `about` as comments.

    `$NAME` of `placeholders` in a request is a secret; that of an extracted variable is its value. `passwords` are the
    placeholders that the script sets itself: passwords of users that it creates. As the script runs in a subshell, it
    can also be pasted into a terminal.
    """
    taken = [item.variable for step in steps for item in step.taken]
    secrets = frozenset(placeholders) - set(taken)
    names = secrets | set(taken) | {RUN}
    used = {name for step in steps for name in curl.names_in(_text(step.request), names)}
    needed = (used & secrets) - set(passwords) | set((files or {}).values())
    fresh = any(f"${RUN}" in _text(step.request) for step in steps)
    lines = [*_head(about, "bash, curl and python3" if taken else "bash and curl", needed)]
    lines += [_RANDOM] if fresh else []
    lines += [f"{name}={_NEW_WORD}" for name in sorted(used & set(passwords))]
    lines += [_TAKE] if taken else []
    for number, step in enumerate(steps, 1):
        lines += _lines(step, f"{number} of {len(steps)}", names, files)
    return "\n".join([*lines, ")"])


def about(deviation: DeviationRecord) -> list[str]:
    """What a script shows, in the lines at its top."""
    return [deviation.title, f"expected: {deviation.expected}", f"observed: {deviation.observed}"]


def as_file(deviation: DeviationRecord) -> str:
    """The command of a deviation as a file for bash; a single curl command also says what it shows and needs there.

    The command that sets the variables is as the user has to type it.
    """
    text = deviation.reproduce
    if not text.startswith("#"):
        text = "\n".join([*_head(about(deviation), "bash and curl", variables(text)), text, "echo", ")"])
    head, opening, rest = text.partition("\n(\n")
    return as_called(head) + opening + rest


def variables(command: str) -> set[str]:
    """The variables of a command of `curl`: words in double quotes; what is in single quotes is text."""
    return {found[1] for found in _WORD.finditer(command) if found[1]}


def _head(about: Sequence[str], needs: str, needed: Collection[str]) -> list[str]:
    """The first lines of a script: what it shows, and that it ends where a variable is not set."""
    names = sorted(needed)
    lines = [f"# {escape.line(value, _LONGEST)}" for value in about]
    lines.append(f"# needs {needs}" + (f"; set {', '.join(names)} first: {ENV}" if names else ""))
    return [*lines, "(", "set -eu", *(f': "${{{name}:?is not set; see the top of this script}}"' for name in names)]


def _lines(step: Step, number: str, names: Collection[str], files: Mapping[str, str] | None) -> list[str]:
    path = escape.line(urlsplit(step.request.url).path, _LONGEST)
    came = f", in the recorded run {step.status or 'no response'}"
    came += "; this shows the deviation" if step.shown else ""
    lines = [f"sleep {step.pause:g}"] if step.pause else []
    lines.append(f"echo {shlex.quote(f'--- {number}: {step.request.method} {path} ({step.operation}){came}')}")
    command = curl.curl(step.request, names, files)
    if not step.taken:
        return [*lines, command, "echo"]
    lines += [f"response=$({command})", "printf '%s\\n' \"$response\""]
    for item in step.taken:
        text = f" {curl.word(item.text, names)}" if item.text else ""
        lines.append(f"{item.variable}=$(take {shlex.quote(item.place)}{text})")
    return lines


def _text(request: Request) -> str:
    return "\n".join([request.url, *(value for _, value in request.headers), request.body.decode("utf-8", "replace")])
