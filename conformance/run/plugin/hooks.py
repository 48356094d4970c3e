"""The options and markers of the pytest plugin, and the plugins that it registers if there is a target.

It is loaded into every pytest of its environment. There it costs next to nothing, is invisible to other tests, and does
nothing without a target.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from conformance.run.options import OPTIONS, PREFIX, Kind, Option
from conformance.run.plugin import fixtures
from conformance.run.plugin.fixtures import CONTROLLER, NO_TARGET
from conformance.run.plugin.items import SUITES_PATH

BARE = "--target"
TARGET = f"{PREFIX}target"
MARKERS = (
    "system(name): your own test against that system of the target, with the fixtures of the suites",
    "requirement(*ids): the requirements that a test can give verdicts on",
    "profile(name): the profile of a test without requirements",
    "depth(name): quick, standard or deep: a run at a lower depth leaves the test out",
    "starts: a test that starts something that no operation removes, although the spec does not say so",
)


def _duration(text: str) -> float:
    from conformance.target.target import duration  # imported late: every pytest loads this module

    try:
        return duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}.") from None


def _percent(text: str) -> float:
    from conformance.report.tested_share import percent

    try:
        return percent(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _from(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text[:9]) >= least):
            raise argparse.ArgumentTypeError(f"{text!r} must be an integer from {least}.")
        return int(text)

    return number


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options, with our prefix, so that they collide with no others."""
    group = parser.getgroup("conformance", "conformance of a server to its documentation")
    help_text = f"the target file of the server under test; also {BARE}, if no other plugin has that option"
    group.addoption(TARGET, metavar="FILE", help=help_text)
    for option in OPTIONS:
        if option.as_pytest:
            continue
        group.addoption(option.of_pytest, **_settings(option))


def _settings(option: Option) -> dict[str, Any]:
    """The arguments of an option for argparse."""
    settings: dict[str, Any] = {"help": option.help, "default": [] if option.repeatable else option.default}
    match option.kind:
        case Kind.FLAG:
            return {"help": option.help, "action": "store_true"}
        case Kind.CHOICE:
            settings["choices"] = option.choices
        case Kind.INTEGER:
            settings["type"] = _from(option.least)
        case Kind.PERCENT:
            settings["type"] = _percent
        case Kind.DURATION:
            settings["type"] = _duration
    if option.metavar:
        settings["metavar"] = option.metavar
    return {**settings, "action": "append"} if option.repeatable else settings


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """Read `--target` as ours if no plugin or conftest.py has an option with that name.

    It is never registered, so that a conftest.py that pytest finds later can still define it.
    """
    values = [value for word, value in itertools.pairwise(args) if word == BARE]
    named = early_config.known_args_namespace.file_or_dir  # where a value counts as a path of tests
    named[:] = [item for item in named if item not in values or item.endswith(".py") or not Path(item).is_file()]
    yield
    if any(_is_bare(word) for word in args) and _is_free(parser):
        end = args.index("--") if "--" in args else len(args)
        args[:end] = [TARGET + word.removeprefix(BARE) if _is_bare(word) else word for word in args[:end]]


def _is_bare(word: str) -> bool:
    return word == BARE or word.startswith(f"{BARE}=")


def _is_free(parser: pytest.Parser) -> bool:
    """Whether no plugin or conftest.py has an option `--target`."""
    try:
        _, unknown = parser.parse_known_and_unknown_args([BARE])
    except pytest.UsageError:  # it is defined, and needs a value
        return False
    return BARE in unknown


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and, if there is a target, everything else."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(fixtures, "conformance-provided")
    if config.getoption("conformance_target"):
        if hasattr(config, "workerinput"):  # a process for tests only
            from conformance.core.garbage import collect_less_often

            collect_less_often()
        from conformance.run.plugin.controller import RunController

        controller = RunController(config)
        config.stash[CONTROLLER] = controller
        process = controller.process
        config.pluginmanager.register(controller, "conformance-controller")
        config.pluginmanager.register(controller.protocol, "conformance-protocol")
        config.pluginmanager.register(process.selection, "conformance-selection")
        if config.getoption("conformance_confirm"):
            from conformance.run.plugin.confirmation import Confirmation

            config.pluginmanager.register(Confirmation(process, controller.protocol), "conformance-confirmation")
        config.pluginmanager.register(controller.admission, "conformance-entrance")
        if process.is_controller:
            config.pluginmanager.register(process.distribution, "conformance-distribution")
        if config.getoption("conformance_progress") and process.is_controller:
            from conformance.run.plugin.progress import Display

            config.pluginmanager.register(
                Display(quiet=config.getoption("conformance_quiet"), verbose=config.getoption("conformance_verbose")),
                "conformance-progress",
            )


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Without a target, the suites can be listed but not run."""
    named = any(value.startswith(("conformance.suites", str(SUITES_PATH))) for value in session.config.args)
    if named and not (session.config.getoption("conformance_target") or session.config.getoption("collectonly")):
        raise pytest.UsageError(NO_TARGET)
