"""Whatever a person gives the command, it ends with a code for it and a sentence, and shows no secret."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.cli import main
from conformance.core import exit_codes
from conformance.wire import retry
from conformance.wire.ledger import Ledger, Ours
from tests.reporting.sample import deviation, write_run

from . import odd

NOBODY: Final = "http://127.0.0.1:9"  # nothing listens there
TARGET: Final = f"""\
name = "staging"
settle = 0
[processmaker3]
url = "{NOBODY}"
workspace = "workflow"
client_id = "app"
client_secret = "{odd.SECRET}"
username = "admin"
password = "{odd.PASSWORD}"
unsupported = ["processmaker3/cases"]
[processmaker3.users.outsider]
username = "clerk"
password = "{odd.PASSWORD}"
[processmaker3.fixtures]
case = "c1"
upload_max_filesize = 1000
[[processmaker3.accommodations]]
operation = "listProjects"
query = {{ all = "yes" }}
headers = {{ X-Key = "{odd.SECRET}" }}
reason = "it pages"
[processmaker4]
url = "{NOBODY}"
access_token = "{odd.SECRET}"
process_id = 7
request_data = {{ key1 = "value1" }}
[procesio]
proxy_url = "{NOBODY}"
web_url = "{NOBODY}"
realm = "procesio01"
username = "demo"
password = "{odd.PASSWORD}"
client_id = "procesio-ui"
workspace_id = "7b1d9a52-4c80-4a1f-8f2e-3c5d60a7be19"
process_id = "7b1d9a52-4c80-4a1f-8f2e-3c5d60a7be18"
payload = {{ a = 1 }}
[procesio.api_key]
name = "k"
value = "{odd.SECRET}"
[network]
headers = {{ X-Staging = "{odd.SECRET}" }}
[limits]
requests_per_second = 20
in_flight = 4
request_timeout = 1
time_budget = "20m"
open_resources = 50
[safety]
level = "owned"
"""
RUN: Final = "0a1b2c3d"
CODES: Final = (exit_codes.OK, exit_codes.DEVIATIONS, exit_codes.USAGE, exit_codes.NOTHING_RUN, exit_codes.UNAVAILABLE)
matrix = pytest.mark.matrix
some = pytest.mark.parametrize("number", [pytest.param(30, id="some"), pytest.param(2000, id="2000", marks=matrix)])


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a read is sent again: nobody listens anyway."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)


def called(*words: str) -> str:
    """What a call of the command prints; it must end with a code of the user's or the target's, and show no secret."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main(list(words), standalone_mode=False)
    text = printed.getvalue()
    assert code in CODES, f"{code}: {text[-300:]}{trace(text)}"
    assert not hidden(text), text
    assert "Traceback" not in text
    return text


def trace(text: str) -> str:
    """The end of the traceback of which a text names the file."""
    found = re.search(r"traceback is in (\S+);", text)
    return Path(found[1]).read_text(encoding="utf-8")[-1500:] if found else ""


def hidden(text: str) -> list[str]:
    """The secrets, but for a few characters of them, that a text shows."""
    return [value for value in (odd.SECRET, odd.PASSWORD) if value[:-4] in text]


def tried(number: int, example: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Check so many examples; a few are the same in every run, thousands are new each time."""

    @settings(
        max_examples=number,
        derandomize=number < 100,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(example)
    def one(value: Any) -> None:
        check(value)

    one()


@some
@pytest.mark.timeout(3600)
def test_odd_target_file_is_rejected_or_read(tmp_path: Path, number: int) -> None:
    path = tmp_path / "target.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        called("check", str(path), "--offline")

    tried(number, odd.edited(TARGET), check)


@some
@pytest.mark.timeout(3600)
def test_odd_baseline_is_rejected_or_read(tmp_path: Path, number: int) -> None:
    write_run(tmp_path / "run")
    path = tmp_path / "baseline.toml"
    path.unlink(missing_ok=True)
    called("baseline", str(tmp_path / "run"), "--baseline", str(path), "--reason", "known")
    text = path.read_text(encoding="utf-8")

    def check(content: bytes) -> None:
        path.write_bytes(content)
        called("baseline", str(tmp_path / "run"), "--baseline", str(path), "--prune", "--strict")

    tried(number, odd.edited(text), check)


def records(directory: Path) -> st.SearchStrategy[bytes]:
    """Odd run records: a true one with other values in it, or with other text."""
    write_run(directory)
    text = (directory / "run.json").read_text(encoding="utf-8")
    return st.one_of(odd.changed(json.loads(text)).map(odd.as_json), odd.edited(text))


@some
@pytest.mark.timeout(3600)
def test_odd_run_record_is_rejected_or_read(tmp_path: Path, number: int) -> None:
    true, run = tmp_path / "true", tmp_path / "run"
    found = records(true)
    run.mkdir()
    out = tmp_path / "out"

    def check(example: tuple[bytes, tuple[str, ...]]) -> None:
        content, words = example
        (run / "run.json").write_bytes(content)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        called(*words)

    commands = (
        ("compare", str(true), str(run), "--format", "markdown"),
        ("compare", str(run), str(true)),
        ("statement", str(run), "--output", str(out)),
        ("merge", str(run), str(true), "--output", str(out)),
        ("baseline", str(run), "--baseline", str(out / "baseline.toml")),
    )
    tried(number, st.tuples(found, st.sampled_from(commands)), check)


def journal(directory: Path) -> str:
    """The journal of a run that was killed."""
    directory.mkdir()
    ledger = Ledger(path=directory / "ledger-main.ndjson", run=RUN, worker="main")
    ledger.targets["processmaker3"] = {"url": NOBODY, "workspace": "workflow"}
    for kind, operation in (("project", "createProject"), ("user", "createUser"), ("group", "createGroup")):
        entry = ledger.intend("processmaker3", kind, operation, ledger.name())
        ledger.record_accepted(entry)
        ledger.created(entry, Ours("f" * 32))
    return (directory / "ledger-main.ndjson").read_text(encoding="utf-8")


@some
@pytest.mark.timeout(3600)
def test_odd_journal_is_rejected_or_read(tmp_path: Path, number: int) -> None:
    target = tmp_path / "target.toml"
    target.write_text(TARGET)
    text = journal(tmp_path / "run")
    path = tmp_path / "run" / "ledger-main.ndjson"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        called("sweep", str(tmp_path / "run"), "--target", str(target))
        assert not hidden(path.read_bytes().decode("utf-8", "replace"))

    lines = [json.loads(line) for line in text.splitlines()]
    other = st.lists(st.sampled_from(lines).flatmap(odd.changed), max_size=6).map(
        lambda found: b"\n".join(map(odd.as_json, found))
    )
    tried(number, st.one_of(odd.edited(text), other), check)


OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "run": (
        "--system", "--profile", "--output", "-n", "--in-flight", "--seed", "--depth", "--max-examples", "--shard",
        "--time-budget", "--safety", "--strict", "--durations", "--baseline", "--min-tested", "--baseline-strict",
    ),
    "check": ("--offline",),
    "serve": ("--port", "--fault", "--personality"),
    "compare": ("--output", "--format"),
    "merge": ("--output",),
    "statement": ("--output", "--product", "--product-version"),
    "baseline": ("--baseline", "--prune", "--strict", "--reason", "--ticket", "--expires"),
    "sweep": ("--target",),
    "requirements": ("--system", "--profile", "--document", "--section", "--level", "--tried", "--json"),
    "operations": ("--system", "--profile", "--document", "--section", "--level", "--json"),
    "dev": ("lint", "schema", "--readings"),
}  # fmt: skip
FLAGS: Final = ("--strict", "--offline", "--prune", "--json", "--baseline-strict")


def given_to_a_process(word: str) -> str:
    """A word as a process is given it: without zero bytes, and what is no UTF-8 byte by byte."""
    return word.replace("\0", "").encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


@st.composite
def calls(draw: st.DrawFn, run: str, target: str) -> list[str]:
    """A call with odd options: values that nobody means, none, or those of another command."""
    name = draw(st.sampled_from(sorted(OPTIONS)))
    words = [name]
    likely = st.sampled_from(
        ["1", "0", "1/2", "9/2", "20m", "processmaker3", "processmaker3/projects", run, target, "must", "json"]
    )
    for _ in range(draw(st.integers(0, 4))):
        known = OPTIONS[name] if draw(st.integers(0, 5)) else OPTIONS[draw(st.sampled_from(sorted(OPTIONS)))]
        option = draw(st.sampled_from(known))
        value = draw(st.one_of(likely, odd.texts))
        words += [option] if option in FLAGS else [f"{option}={value}"] if draw(st.booleans()) else [option, value]
    if name in ("check", "compare", "merge", "statement", "baseline", "sweep") or draw(st.booleans()):
        words += draw(st.lists(st.one_of(st.sampled_from([run, target]), odd.texts), max_size=3))
    return [given_to_a_process(word.replace("reference", "referenc")) for word in words]  # it would start a run


@some
@pytest.mark.timeout(3600)
def test_odd_options_are_rejected_or_accepted(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "run")
    target = tmp_path / "nobody.toml"
    target.write_text(TARGET)
    monkeypatch.setattr("conformance.cli.serve.serving", lambda *_, **__: contextlib.nullcontext(), raising=False)

    def check(words: list[str]) -> None:
        if words[0] == "serve":
            words = ["serve", "--help"] if "--help" in words else ["serve", "no-system", *words[1:]]
        if words[0] == "run":
            words = ["run", "no-such-file.toml", *words[1:]]
        called(*words)

    tried(number, calls(str(tmp_path / "run"), str(target)), check)


def test_the_checks_of_these_tests_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hidden(f"… {odd.SECRET[:-3]} …") == [odd.SECRET]
    assert deviation().title not in hidden("")

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(odd.SECRET)

    monkeypatch.setattr("conformance.core.input_files.text", fails)
    with pytest.raises(AssertionError, match="3: conformance: internal error"):
        called("check", str(tmp_path / "target.toml"), "--offline")
