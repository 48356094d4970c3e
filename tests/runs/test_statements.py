"""A fault in one profile of a served reference lowers exactly that profile in the vendor's statement.

By default a few profiles are tested, on targets that claim no more than they need; `-m matrix` tests every profile in
whole runs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path

import pytest

from conformance.core.verdict import Level
from conformance.reference.serving import toml
from conformance.report.statement.statement import Conformance, Statement, state
from conformance.spec.requirement import Requirement
from conformance.spec.specification import SYSTEMS, load
from tests.samples import by_default

from .support import run, served

FIRM = [
    requirement
    for system in SYSTEMS
    for requirement in load(system).requirements.values()
    if requirement.level is not Level.MAY
]

# The default: a few profiles of each system, which are then the only claimed ones.
CLAIMED = {
    "processmaker3": ("processmaker3/oauth", "processmaker3/groups", "processmaker3/roles"),
    "processmaker4": ("processmaker4/requests",),
    "procesio": ("procesio/authentication", "procesio/schedules", "procesio/resources"),
}
TRIED = ("processmaker4/requests", "procesio/schedules")


def naming(fault: str) -> list[Requirement]:
    return [requirement for requirement in FIRM if fault in requirement.faults]


def faults() -> dict[str, str]:
    """For each profile a fault that contradicts only its requirements: a must, if possible.

    Faults that keep other requirements from being tested are excluded, since the other profiles must conform.
    """
    found: dict[str, list[str]] = {}
    for requirement in FIRM:
        for fault in sorted({*requirement.faults} - {"pro-auth-no-token"}):
            if {each.profile for each in naming(fault)} == {requirement.profile}:
                found.setdefault(requirement.profile, []).append(fault)
    return {profile: min(own, key=lambda fault: Level.MUST not in levels(fault)) for profile, own in found.items()}


def levels(fault: str) -> set[Level]:
    return {requirement.level for requirement in naming(fault)}


FAULTS = faults()


def made(
    system: str, with_faults: Collection[str], claimed: Collection[str], directory: Path, *options: str
) -> Statement:
    with served(system, with_faults) as (_, text):
        data = tomllib.loads(text)
        data[system]["unsupported"] = [profile for profile in SYSTEMS[system].profiles if profile not in claimed]
        (directory / "target.toml").write_text(toml(data))
        return state(run(directory / "target.toml", directory / "run", "--max-examples", "1", *options).record)


@pytest.fixture(scope="module")
def faultless(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, tuple[str, ...]], Statement]:
    """The statement on a faultless system that claims some profiles."""

    @cache
    def of(system: str, claimed: tuple[str, ...]) -> Statement:
        return made(system, (), claimed, tmp_path_factory.mktemp(system))

    return of


def standings(statement: Statement) -> dict[str, Conformance]:
    return {profile.profile: profile.standing for profile in statement.profiles}


def turned(profile: str, claimed: tuple[str, ...], faultless: Callable[..., Statement], directory: Path) -> None:
    """Check that the fault of a profile changes only that profile's result, according to its level."""
    system = profile.partition("/")[0]
    before = faultless(system, claimed)
    after = made(system, [FAULTS[profile]], claimed, directory)
    expected = Conformance.DOES_NOT if Level.MUST in levels(FAULTS[profile]) else Conformance.PARTIAL
    assert {deviation.profile for deviation in after.deviations} == {profile}
    assert standings(after) == {**standings(before), profile: expected}
    assert after.standing is max(standings(after).values(), key=list(Conformance).index)


def test_every_profile_with_firm_requirements_has_its_own_fault() -> None:
    demanded = {requirement.profile for requirement in FIRM if requirement.level is Level.MUST}
    assert (
        demanded <= set(FAULTS) <= {requirement.profile for requirement in FIRM}
    )  # a should may share its fault with other profiles


@pytest.mark.timeout(600)
@pytest.mark.parametrize("profile", by_default(TRIED, "processmaker4/requests"))
def test_fault_lowers_exactly_its_profile(profile: str, faultless: Callable[..., Statement], tmp_path: Path) -> None:
    turned(profile, CLAIMED[profile.partition("/")[0]], faultless, tmp_path)


@pytest.mark.matrix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("profile", FAULTS)
def test_fault_lowers_exactly_its_profile_in_a_whole_run(
    profile: str, faultless: Callable[..., Statement], tmp_path: Path
) -> None:
    turned(profile, SYSTEMS[profile.partition("/")[0]].profiles, faultless, tmp_path)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("system", by_default(SYSTEMS, "processmaker4"))
def test_claims_of_a_faultless_reference_conform(system: str, faultless: Callable[..., Statement]) -> None:
    statement = faultless(system, CLAIMED[system])
    assert standings(statement) == dict.fromkeys(CLAIMED[system], Conformance.CONFORMS)
    assert statement.suite.documents == load(system).documents


@pytest.mark.matrix
def test_statement_of_a_run_at_the_default_level_lists_what_the_level_forbids(tmp_path: Path) -> None:
    claimed = [
        profile for profile in SYSTEMS["processmaker3"].profiles if profile != "processmaker3/groups"
    ]  # no proof of ownership: no group is changed
    statement = made("processmaker3", (), claimed, tmp_path, "--safety", "owned")
    found = standings(statement)
    assert found.keys() >= {*CLAIMED["processmaker3"], "processmaker3/input-documents"} - {"processmaker3/groups"}
    assert {*found.values()} == {Conformance.CONFORMS, Conformance.PARTIAL}
    assert found["processmaker3/roles"] is Conformance.PARTIAL
    roles = next(profile for profile in statement.profiles if profile.profile == "processmaker3/roles")
    assert roles.why == f"{roles.unexercised['safety level']} requirements not tested at this safety level"
