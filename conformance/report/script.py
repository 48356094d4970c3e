"""Script: several stored requests as a shell script that sends them again, each with what those before it gave."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from conformance.report import curl, escape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from conformance.core.exchange import Request

RUN: Final = "run"
"""The variable with the random digits that make the names of each run of the script new ones."""
_LONGEST: Final = 120  # characters of a line that says what a step does
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
except (ValueError, LookupError, TypeError):
    sys.exit("stopped: the response has no value at " + " ".join(sys.argv[1:]))
' "$@"
}"""
_RANDOM: Final = f"{RUN}=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \\n')  # new names in each run"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a script takes from a response: into which variable, and from which place of the JSON.

    `*` in the place is the item of a list that contains the `text`.
    """

    variable: str
    place: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a script. `status` is that of the recorded response, `pause` the seconds to wait before it.

    The response to the one that is `shown` shows the deviation.
    """

    operation: str
    request: Request
    status: int = 0
    taken: tuple[Taken, ...] = ()
    pause: float = 0
    shown: bool = False


def script(
    steps: Sequence[Step], about: Sequence[str], placeholders: Collection[str], files: Mapping[str, str] | None = None
) -> str:
    """A script for bash that sends the steps; it begins with the lines `about` as comments.

    `$NAME` of `placeholders` in a request is a secret, that of a variable which a step has taken is its value. As the
    script runs in a subshell, it can also be pasted into a terminal.
    """
    taken = [one.variable for step in steps for one in step.taken]
    secrets = frozenset(placeholders) - set(taken)
    needed = _needed(steps, secrets) | set((files or {}).values())
    names = secrets | set(taken) | {RUN}
    fresh = any(f"${RUN}" in _text(step.request) for step in steps)
    needs = "bash, curl and python3" if taken else "bash and curl"
    lines = [f"# {escape.line(one, _LONGEST)}" for one in about]
    lines.append(f"# needs {needs}" + (f"; export {', '.join(sorted(needed))} first" if needed else ""))
    lines += ["(", "set -eu", *(f': "${{{name}:?export it first}}"' for name in sorted(needed))]
    lines += [_RANDOM] if fresh else []
    lines += [_TAKE] if taken else []
    for number, step in enumerate(steps, 1):
        lines += _lines(step, f"{number} of {len(steps)}", names, files)
    return "\n".join([*lines, ")"])


def _lines(step: Step, number: str, names: Collection[str], files: Mapping[str, str] | None) -> list[str]:
    path = escape.line(urlsplit(step.request.url).path, _LONGEST)
    came = f" gave {step.status}" if step.status else " got no response"
    came += "; this shows it" if step.shown else ""
    lines = [f"sleep {step.pause:g}"] if step.pause else []
    lines.append(f"echo {shlex.quote(f'--- {number}: {step.request.method} {path} ({step.operation}){came}')}")
    command = curl.curl(step.request, names, files)
    if not step.taken:
        return [*lines, command, "echo"]
    lines += [f"response=$({command})", "printf '%s\\n' \"$response\""]
    for one in step.taken:
        text = f" {curl.word(one.text, names)}" if one.text else ""
        lines.append(f"{one.variable}=$(take {shlex.quote(one.place)}{text})")
    return lines


def _text(request: Request) -> str:
    return "\n".join([request.url, *(value for _, value in request.headers), request.body.decode("utf-8", "replace")])


def _needed(steps: Sequence[Step], secrets: Collection[str]) -> set[str]:
    """The secrets that the requests name."""
    if not secrets:
        return set()
    longest_first = sorted(secrets, key=lambda name: (-len(name), name))
    pattern = re.compile(r"\$(" + "|".join(map(re.escape, longest_first)) + ")")
    return {name for step in steps for name in pattern.findall(_text(step.request))}
