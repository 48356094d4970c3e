"""Run the command or script of a deviation in bash, and compare its results with the recorded ones."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus

from conformance.core.json_walk import walk
from conformance.core.verdict import Kind
from conformance.report import exchanges
from conformance.report.run_record import DeviationRecord
from conformance.run.secret_variables import secret_variables
from conformance.target.system_table import urls
from conformance.target.target import load
from conformance.wire.ledger import NAMES as LEDGER_NAMES

STEP: Final = re.compile(rb"^--- \d+ of \d+: .*\n", re.MULTILINE)
# What differs between two servers, or two runs against one: names and times.
NAMED: Final = (
    r"conf [0-9a-f]{8} \S+ \d+ [0-9a-f]{6}|conf[0-9a-f]{12}"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{12}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{8}"
    r"|[0-9a-f]{30,}"
)
NOW: Final = datetime.datetime.now(datetime.UTC)
DAYS: Final = "|".join(f"{NOW + datetime.timedelta(days=days):%Y-%m-%d}" for days in (-1, 0, 1))
# The times of the server; other dates were sent, and may be what the deviation is about.
DATED: Final = rf"(?:{DAYS})(?:[T ]?\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?)?|127\.0\.0\.1:\d+"
HIDDEN: Final = r"\$[A-Z][A-Z0-9_]+|\[redacted\]"  # in the record of a run
MADE_UP: Final = re.compile(f"{NAMED}|{DATED}|{HIDDEN}")
NAMES: Final = re.compile(NAMED)
SENT_NAME: Final = re.compile(r"(conf ?)[0-9a-f]{8}( \S+ \d+ [0-9a-f]{6}|[0-9a-f]{4})")
NO_RESPONSE: Final = (18, 52, 56)  # exit codes of curl: an incomplete response, none, a reset connection
DATES: Final = re.compile(DATED)
# Counters of the server, which depend on what else exists, and a measured time.
NUMBERS: Final = ("id", "dep_last", "response_time")
SECRET: Final = re.compile(r'("(?:\w*token|\w*secret|password|value|key)"\s*:\s*)"[^"]*"')


@dataclass(frozen=True)
class Shown:
    """The comparable part of a response: status, content type, and the body without what differs from run to run."""

    status: int
    content_type: str
    body: Any
    text: str = field(compare=False)


NOTHING: Final = Shown(0, "", None, "")
"""No response, or an incomplete one."""


def shown(status: int, headers: list[tuple[str, str]], body: str) -> Shown:
    types = [value for name, value in headers if name.lower() == "content-type"]
    plain = MADE_UP.sub("#", SECRET.sub(r'\1"#"', body))
    try:
        document = json.loads(plain)
    except ValueError:
        document = plain
    return Shown(status, types[0] if types else "", _without_numbers(document), body)


def _without_numbers(node: Any) -> Any:
    """A document without the numbers that a server assigns."""
    if isinstance(node, list):
        return [_without_numbers(item) for item in node]
    if isinstance(node, dict):
        return {
            name: "#" if name in NUMBERS and isinstance(item, int) else _without_numbers(item)
            for name, item in node.items()
        }
    return node


def recorded(run: Path, deviation: DeviationRecord) -> dict[int, Shown]:
    """The recorded responses of the requests that show a deviation, by their place in its command."""
    chain = deviation.chain or deviation.evidence[:1]
    found = exchanges.read(run, chain)
    sent = {mark for cited in found.values() for mark in marks(f"{cited.request.url}\n{cited.request.body}")}
    return {
        place: NOTHING
        if (response := found[name].response) is None
        else shown(response.status, response.headers, _without_others(response.body, sent))
        for place, name in enumerate(chain)
        if name in deviation.evidence or place == len(chain) - 1
    }


def marks(text: str) -> set[str]:
    """What is unique in the names of runs in a text."""
    return {found[found.lastindex or 0] for found in LEDGER_NAMES.finditer(unquote_plus(text))}


def _without_others(body: str, sent: set[str]) -> str:
    """A body without the items of lists that other tests of the run created, which the command does not create."""
    try:
        return json.dumps(_own(json.loads(body), sent), ensure_ascii=False)
    except ValueError:
        return body


def _own(node: Any, sent: set[str]) -> Any:
    if isinstance(node, dict):
        return {name: _own(item, sent) for name, item in node.items()}
    if not isinstance(node, list):
        return node
    return [_own(item, sent) for item in node if not (found := marks(json.dumps(item))) or found & sent]


def numbered(seen: list[Shown]) -> list[str]:
    """The bodies, with each identifier replaced by the number of its first appearance.

    Names that the command sends differ from run to run only by the digits after the mark.
    """
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        if SENT_NAME.fullmatch(found[0]):
            return SENT_NAME.sub(r"\1#\2", found[0])
        return numbers.setdefault(found[0], f"#{len(numbers)}")

    return [f"{item.status} {item.content_type} {_named(item.text, number)}" for item in seen]


def _named(text: str, number: Callable[[re.Match[str]], str]) -> str:
    return NAMES.sub(number, DATES.sub("#", SECRET.sub(r'\1"#"', text)))


def agrees(stored: Shown, seen: Shown, members: Collection[str] = ()) -> bool:
    """Whether a response matches a stored one, which may be truncated and without other people's values.

    If `members` are given, only their values count: a command leaves out the updates of other members.
    """
    if (stored.status, stored.content_type) != (seen.status, seen.content_type):
        return False
    return _fits(stored.body, seen.body) or (
        bool(members) and _fits(*(_only(item.body, members) for item in (stored, seen)))
    )


def _only(document: Any, members: Collection[str]) -> list[Any]:
    return [value for _, name, value in walk(document) if name in members]


def members(deviation: DeviationRecord) -> set[str]:
    """The names of the fields that were not read back as they were sent."""
    places = [deviation.location, *deviation.places] if deviation.kind is Kind.READ_BACK else []
    return {place.rpartition("/")[2] for place in places} - {""}


def _fits(stored: Any, seen: Any) -> bool:
    match stored:
        case str() if stored.startswith("<") and stored.endswith(">"):
            return True
        case str() if "bytes that are not JSON" in stored:
            return isinstance(seen, str)
        case str() if stored.endswith(" more characters)") or "… (of " in stored:
            return True
        case dict() if isinstance(seen, dict):
            return stored.keys() == seen.keys() and all(_fits(stored[name], seen[name]) for name in stored)
        case list() if isinstance(seen, list):
            items = [item for item in stored if "<" not in json.dumps(item)]
            if len(items) == len(stored):
                return len(stored) == len(seen) and all(map(_fits, stored, seen))
            return all(any(_fits(item, other) for other in seen) for item in items)  # the others may be gone by now
        case _:
            return bool(stored == seen) and isinstance(seen, type(stored))


def variables(target: Path, system: str) -> dict[str, str]:
    """The secrets of a target by the names of their placeholders, with a token for each of its users."""
    return secret_variables(load(target), [system])[0]


def places(target: Path, system: str) -> list[str]:
    """The URLs of a system in a target file, in the order of its keys."""
    return [str(url) for _, url in sorted(urls(load(target).table(system)).items())]


def replayed(command: str, environment: Mapping[str, str]) -> list[Shown]:
    """The results of the requests of a command, run in bash. It ends at a request without a complete response."""
    done = subprocess.run(
        ["bash"],
        input=command.encode(),
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, *NO_RESPONSE), (done.stderr.decode(), done.stdout.decode(errors="replace")[-2000:])
    heads = list(STEP.finditer(done.stdout))
    ends = [*(head.start() for head in heads[1:]), len(done.stdout)]
    parts = [done.stdout[head.end() : end] for head, end in zip(heads, ends, strict=bool(heads))] or [done.stdout]
    complete = parts[:-1] if done.returncode else parts
    return [
        *(_read(part.removesuffix(b"\n") if heads else part) for part in complete),
        *([NOTHING] if done.returncode else []),
    ]


def _read(printed: bytes) -> Shown:
    head, _, body = printed.replace(b"\r\n", b"\n").partition(b"\n\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    fields = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return shown(int(first.split()[1]), fields, body.decode("utf-8", "replace"))
