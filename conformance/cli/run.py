"""`conformance run`: tests one target."""

from __future__ import annotations

import os
import re
import signal
from contextlib import ExitStack, contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import platformdirs

from conformance.cli.check import Selected, checked
from conformance.cli.failure import InputRefused, internal, refusing
from conformance.cli.options import run_options
from conformance.cli.output import run_place
from conformance.cli.targets import REFERENCE, target_file
from conformance.core.shard import WHOLE, Shard
from conformance.core.systems import SYSTEMS
from conformance.report import escape, record_file
from conformance.run.choice import (
    MARK,
    Unavailable,
    chosen,
    filtered,
    require_divisible,
)
from conformance.run.options import OUTPUT, pytest_arguments
from conformance.target.target import (
    TargetError,
    load,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PACKAGE: Final = Path(__file__).parent.parent
REMEMBERING: Final = re.compile(r"--(lf|ff|nf|sw|last-failed|failed-first|new-first|stepwise|cache)")
"""How the options of pytest begin that need its cache."""
REFERENCE_WORKERS: Final = 4
"""More workers would wait for the reference servers, which share one thread."""
PYTEST_VARIABLES: Final = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


def _workers(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value not in (None, "auto") and not re.fullmatch(r"\d{1,3}", value):
        raise click.BadParameter(f"{value!r} is not a number of workers: must be a number, or auto for one per core.")
    return value


class PassesOn(click.Command):
    """A command that sets aside the arguments after `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments before the first `--`."""
        end = args.index("--") if "--" in args else len(args)
        ctx.meta[__name__] = args[end + 1 :]
        return super().parse_args(ctx, args[:end])


@click.command("run", cls=PassesOn, options_metavar="[OPTIONS]", epilog="Everything after `--` is passed to pytest.")
@click.argument("target", metavar="TARGET")
@click.option(
    "-n",
    "workers",
    callback=_workers,
    help="Number of worker processes, or auto for one per core [none; for all of `reference`: auto, at most 4].",
)
@run_options
@click.option("--dry-run", is_flag=True, help="Do what `conformance check` does, with these options.")
@click.pass_context
def command(
    ctx: click.Context, /, target: str, output: Path | None, workers: str | None, dry_run: bool, **options: Any
) -> int:
    """Test TARGET and write a report.

    TARGET is a target file, or the word `reference` to test the reference servers, which are then started on localhost.
    There is no default target.
    """
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        path = stack.enter_context(target_file(target, options["system"]))
        with refusing(TargetError):
            loaded = load(path)
        if dry_run:
            return checked(loaded, Selected.of(loaded, options), as_json=options["format"] == "json")
        if options["in_flight"]:
            limits = loaded.limits.model_copy(update={"in_flight": options["in_flight"]})
            loaded = loaded.model_copy(update={"limits": limits})
        shard = options["shard"] or WHOLE
        with refusing(Unavailable):
            systems = chosen(loaded, options["system"], options["profile"])
            filtered(loaded, systems, options["include"], options["exclude"])
            require_divisible(loaded, shard)
        if options["baseline"] or options["baseline_strict"]:
            options["baseline"] = checked_baseline(options["baseline"])
        if options["documents"]:
            options["documents"] = checked_documents(options["documents"])
        if options["durations"]:
            options["durations"] = checked_durations(options["durations"], options["shard"])
        if workers is None and target == REFERENCE and not ctx.meta[__name__]:
            workers = reference_workers(options)
        workers = allowed(workers, shard.part(loaded.limits.places))
        place = stack.enter_context(run_place(output, loaded.name))
        stack.enter_context(without(PYTEST_VARIABLES))
        if not options["quiet"]:
            level = options["safety"] or loaded.safety.level
            click.echo(f"Testing {escape.line(loaded.name, 80)} ({', '.join(systems)}), safety level {level}", err=True)
        return start(arguments(path.absolute(), place, workers, options, passed_on=ctx.meta[__name__]), place)


def checked_baseline(path: Path | None) -> Path:
    """The absolute path of a usable baseline.

    Raises:
        InputRefused: none is named, or it cannot be read or is not a baseline.
    """
    from conformance.report import baseline

    if path is None:
        raise InputRefused(baseline.STRICT_ALONE)
    with refusing(baseline.BaselineError):
        baseline.load(path)
    return path.absolute()


def checked_documents(path: Path) -> Path:
    """The absolute path of a directory of documents. Raises InputRefused if it does not exist."""
    if not path.is_dir():
        raise InputRefused(
            f"--documents {path}: no such directory; choose the one with your copies of the documentation."
        )
    return path.absolute()


def checked_durations(path: Path, shard: Shard | None) -> Path:
    """The absolute path of a run whose durations can be read.

    Raises:
        InputRefused: it cannot be read, or the run is not sharded.
    """
    if shard is None:
        raise InputRefused("--durations has no effect without --shard; add --shard I/N, or remove --durations.")
    with refusing(record_file.UnreadableRun):
        record_file.read(path)
    return path.absolute()


def reference_workers(options: Mapping[str, Any]) -> str | None:
    """The number of workers for the reference servers if the user names none; None for tests in this process.

    A run of a part of the tests would spend more time on starting workers than it saves.
    """
    narrowed = any(options.get(name) for name in ("system", "profile", "include", "exclude", "shard"))
    cores = os.cpu_count() or 1
    return None if narrowed or cores == 1 else str(min(cores, REFERENCE_WORKERS))


def allowed(workers: str | None, places: int) -> str | None:
    """Limit the workers to the number of concurrent calls: a worker makes one call at a time."""
    if workers is None:
        return None
    wanted = (os.cpu_count() or 1) if workers == "auto" else int(workers)
    return str(min(wanted, places))


def arguments(
    target: Path,
    output: Path,
    workers: str | None,
    options: Mapping[str, Any],
    tests: Sequence[str] = (),
    passed_on: Sequence[str] = (),
) -> list[str]:
    """The arguments of pytest. `options` are the values of the options of a run, by variable.

    `tests` are the tests to run, by path and name; all of the suites if there are none. `passed_on` are the caller's.
    """
    plugin = entry_points(group="pytest11", name="conformance")
    return [
        *("-c", str(PACKAGE / "run" / "pytest.ini")),
        *("--rootdir", str(output)),
        *cache(passed_on),
        *("-p", "no:schemathesis"),
        *("-p", "no:unraisableexception"),  # it collects garbage three times at the end, a second in a long run
        "--assert=plain",  # rewriting all modules at each start takes longer than many runs
        *("-q", "-q", "--no-header", "--no-summary", "--tb=no", "--conformance-progress"),
        *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
        *(() if plugin else ("-p", "conformance.run.plugin.hooks")),
        *("--conformance-target", str(target)),
        *(OUTPUT.of_pytest, str(output)),
        *pytest_arguments(dict(options)),
        *(("-n", workers, "--dist", "loadgroup") if workers else ()),
        # by name, pytest would also read a conftest.py of the working directory
        *(tests or sorted(str(system.suites) for system in SYSTEMS.values())),
        *passed_on,
    ]


def cache(passed_on: Sequence[str]) -> list[str]:
    """The directory of pytest's cache if an option needs it; otherwise there is none."""
    if any(map(REMEMBERING.match, passed_on)):
        return ["-o", f"cache_dir={platformdirs.user_cache_path('conformance') / 'pytest'}"]
    return ["-p", "no:cacheprovider"]


def start(call: Sequence[str], output: Path, plugins: Sequence[object] = ()) -> int:
    """Run pytest in this process, with further plugins; returns the exit code that the plugin settled on."""
    import pytest  # only when everything is known to be in order

    try:
        return int(pytest.main(list(call), plugins=[SimpleNamespace(__name__=MARK), *plugins]))
    except (Exception, SystemExit) as error:  # code that exits the process must not set its exit code
        return internal(error, output)


@contextmanager
def interruptible() -> Iterator[None]:
    """Handle SIGTERM like Ctrl-C, so that a terminated run still cleans up."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def without(names: Sequence[str]) -> Iterator[None]:
    """Unset these environment variables in the context."""
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)
