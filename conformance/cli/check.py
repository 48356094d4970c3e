"""`conformance check`: whether a target can be tested, what a run would test, and what the target file lacks."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import click

from conformance.cli.additions import additions, example, inline
from conformance.cli.check_json import described
from conformance.cli.failure import refusing
from conformance.cli.options import planning_options
from conformance.cli.paths import PATH
from conformance.cli.targets import target_file
from conformance.core import exit_codes
from conformance.core.command_name import as_called
from conformance.core.verdict import Level, Outcome, Reason
from conformance.report import words
from conformance.run.choice import Unavailable, chosen, filtered
from conformance.run.requirement_filter import EVERYTHING, RequirementFilter
from conformance.spec import specification
from conformance.target.plan import (
    Obstacle,
    Plan,
    plan,
    unprovable,
    without_delete,
)
from conformance.target.proxies import proxy_for
from conformance.target.safety import is_allowed, required_safety
from conformance.target.system_table import urls
from conformance.target.tables import Table
from conformance.target.target import (
    Safety,
    Target,
    TargetError,
    load,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from conformance.run.probe import ProbeResult
    from conformance.spec.operation import Operation
    from conformance.spec.requirement import Requirement
    from conformance.spec.specification import Specification


SHOWN: Final = 3  # lines to add that are shown


@dataclass(frozen=True, slots=True)
class Selected:
    """The part of a target that a run tests: systems, all profiles if none is named, and a filter of requirements."""

    systems: Sequence[str]
    profiles: Collection[str] = ()
    requirements: RequirementFilter = EVERYTHING
    safety: Safety | None = None

    @classmethod
    def of(cls, target: Target, options: Mapping[str, Any]) -> Self:
        """The selection of the options of a run. Raises InputRefused if they name something that does not exist."""
        with refusing(Unavailable):
            systems = chosen(target, options["system"], options["profile"])
            requirements = filtered(target, systems, options["include"], options["exclude"])
        level = options["safety"]
        return cls(systems, options["profile"], requirements, Safety(level) if level else None)

    def planned(self, target: Target, system: str) -> Plan:
        """The plan of a run for one system, in which deselected requirements are marked."""
        made = plan(specification.load(system), target.table(system), self.safety or target.safety.level)
        return replace(
            made,
            obstacles=tuple((requirement, self._obstacle(requirement, found)) for requirement, found in made.obstacles),
        )

    def _obstacle(self, requirement: Requirement, found: Obstacle | None) -> Obstacle | None:
        exempt = found is not None and (
            found.outcome is not Outcome.NOT_EXERCISED or requirement.untestable is not None
        )
        in_profile = not self.profiles or requirement.profile in self.profiles
        if exempt or (in_profile and self.requirements.selects(requirement.id, requirement)):
            return found
        return Obstacle(Outcome.NOT_EXERCISED, Reason.NOT_SELECTED)


@click.command("check")
@click.argument("target", metavar="TARGET", type=PATH)
@click.option("--offline", is_flag=True, help="Send nothing; check only the file.")
@click.option("--all", "everything", is_flag=True, help="Show all lines to add, not only those that help most.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
@planning_options
def command(target: Path, offline: bool, everything: bool, form: str, **options: Any) -> int:
    """Show what a run against TARGET would test.

    Checks that each system responds and accepts the credentials. Prints which requirements a run would test, which it
    would not and why, and which lines to add to the target file. It requests tokens and reads; it changes nothing.
    """
    with target_file(str(target), options["system"]) as path:
        with refusing(TargetError):
            understood = load(path)
        selected = Selected.of(understood, options)
        return checked(understood, selected, offline=offline, everything=everything, as_json=form == "json")


def checked(
    target: Target, selected: Selected, *, offline: bool = False, everything: bool = False, as_json: bool = False
) -> int:
    """Probe the selected systems of a target, print what a run would test, and return the exit code."""
    results = {} if offline else {system: probed(target, system) for system in selected.systems}
    if as_json:
        return _show_json(target, selected, results)
    return show(target, selected, results, everything=everything)


def show(
    target: Target, selected: Selected, results: Mapping[str, Iterable[ProbeResult]], *, everything: bool = False
) -> int:
    """Print what a run against a target would test, and return the exit code.

    `results` are those of the probes, by system; for a system without results, nothing is said about reachability.
    """
    for line in _head(target, selected.safety or target.safety.level):
        click.echo(line)
    failed: list[str] = []
    for system in selected.systems:
        for line in _of_table(target, system):
            click.echo(line)
        failed += [] if _printed(results.get(system, ())) else [system]
        for line in _planned(selected.planned(target, system), everything=everything):
            click.echo(line)
    click.echo("")
    if failed:
        message = f"{len(failed)} of {words.count(len(selected.systems), 'system')} cannot be tested as the file says"
        click.echo(f"{message}: {', '.join(failed)}. See FAILED above.", err=True)
        return exit_codes.UNAVAILABLE
    click.echo("The file is valid, and every system responds." if results else "The file is valid. Nothing was sent.")
    return exit_codes.OK


def _show_json(target: Target, selected: Selected, results: Mapping[str, Iterable[ProbeResult]]) -> int:
    plans = {system: selected.planned(target, system) for system in selected.systems}
    found = {system: list(probes) for system, probes in results.items()}
    works = all(probe.works for probes in found.values() for probe in probes)
    code = exit_codes.OK if works else exit_codes.UNAVAILABLE
    click.echo(json.dumps(described(target, plans, found, code=code), ensure_ascii=False, indent=1))
    return code


def _head(target: Target, level: Safety) -> Iterator[str]:
    yield f"target   {target.name}"
    yield f"safety   {level}"
    if not target.network.verify:
        yield "network  TLS certificates are NOT verified (network.verify = false)"
    yield from _hardly_hidden(target)


def _hardly_hidden(target: Target) -> Iterator[str]:
    """The keys of secrets that reports hide in some places only, without their values."""
    from conformance.wire.redact import BY_VALUE_FROM, WORDS_FROM, Redactor  # imported late: needs a library

    words = frozenset[str]().union(*(specification.load(system).words for system in target.systems))
    redactor = Redactor(target.secrets(), words=words)
    elsewhere = {
        f"shorter than {WORDS_FROM} characters, or a word that reports use (such as an operation id): reports hide it"
        " only in fields and headers whose names mark a secret": redactor.by_field_only,
        f"shorter than {BY_VALUE_FROM} characters: elsewhere, reports hide it only as a whole word": (
            redactor.by_word_only
        ),
    }
    for why, placeholders in elsewhere.items():
        keys = [".".join(map(str, place)) for place, name in target.placeholders().items() if name in placeholders]
        if keys:
            yield f"warning  {', '.join(keys)}: {why}"


def _of_table(target: Target, system: str) -> Iterator[str]:
    """The meaning of a table of the target file, without its secrets."""
    table = target.table(system)
    yield f"\n[{system}]"
    named = target.network.proxy.get_secret_value() if target.network.proxy else None
    for key, url in urls(table).items():
        proxy = proxy_for(url, named, os.environ)
        yield f"  {key} = {url}" + (f" through the proxy {proxy}" if proxy else "")
    yield f"  version: {table.version or 'not given; all requirements apply'}"
    if table.unsupported:
        yield f"  unsupported: {', '.join(table.unsupported)}"
        yield from _left(target, table.specification(), set(table.unsupported))
    yield from _unproved(target, table.specification(), set(table.unsupported))
    if table.bodies:
        yield f"  bodies: {', '.join(table.bodies)}"
    for accommodation in table.accommodations:
        yield f"  accommodation of {accommodation.operation}: {accommodation.reason}"
    if table.login:
        yield f"  main user: {table.login}"
    if isinstance(fixtures := getattr(table, "fixtures", None), Table):
        given = fixtures.model_dump(exclude={"may_change"}, exclude_none=True)
        free = table.may_change or target.safety.level == "disposable"
        yield f"  fixtures ({'may be' if free else 'not'} changed): " + (
            ", ".join(f"{name} = {value}" for name, value in given.items()) or "none"
        )


def probed(target: Target, system: str) -> Iterator[ProbeResult]:
    """Probe a system: whether it responds and accepts the credentials."""
    from conformance.run.probe import probe  # imported late: opens connections

    return probe(target, system)


def _printed(results: Iterable[ProbeResult]) -> bool:
    """Print the results of a probe; returns whether everything works."""
    works = True
    for result in results:
        word = "responds" if result.unsure else "works" if result.works else "FAILED"
        click.echo(f"  {result.what}: {word}: {result.message}")
        works = works and result.works
    return works


def _left(target: Target, spec: Specification, unsupported: set[str]) -> Iterator[str]:
    """What a run leaves on the target because the file says that nothing removes it."""
    if target.safety.level is Safety.READ_ONLY:
        return
    from conformance.engine.allowance import MAX_KEPT  # imported late: opens connections

    for name, creates in without_delete(spec, unsupported).items():
        message = f"a run leaves some of what {' and '.join(creates)} creates on the server, at most"
        number = target.limits.open_resources if target.safety.level is Safety.DISPOSABLE else MAX_KEPT
        yield f"    {name} is unsupported: {message} {number}"


def _unproved(target: Target, spec: Specification, unsupported: set[str]) -> Iterator[str]:
    """What a run leaves on the target at level owned because ownership cannot be proved."""
    makers = [operation for operation in unprovable(spec) if unsupported.isdisjoint({operation.id, operation.profile})]
    if target.safety.level is not Safety.OWNED or not makers:
        return
    from conformance.target.safety import UNPROVED

    yield f"  a run leaves some of what {', '.join(maker.id for maker in makers)} creates on the server:"
    yield f"    {UNPROVED}"


def _planned(planned: Plan, *, everything: bool) -> Iterator[str]:
    """What would be tested, what not and why, what each effect needs, and what to add."""
    obstructed = planned.obstructed()
    rest = "; it does not test:" if obstructed else ""
    yield f"  a run tests up to {_counted(planned.tried)}, of {len(planned.obstacles):,} in total{rest}"
    for (outcome, reason), those in obstructed.items():
        yield f"    {reason or words.OUTCOMES[outcome][0]}: {_counted(those)}{_advice(planned, reason)}"
    yield f"  operations that safety level {planned.level} allows, by what they do to data:"
    operations: dict[str, list[Operation]] = {}
    for operation in planned.specification.operations.values():
        operations.setdefault(operation.effect, []).append(operation)
    for effect, group in operations.items():
        held = Counter(required_safety(operation) for operation in group if not is_allowed(operation, planned.level))
        message = "".join(f"; {number} need `{level}`" for level, number in held.items())
        yield f"    {effect}: {len(group) - held.total()} of {len(group)}{message}"
    guesses = planned.guesses()
    if guesses:
        yield "  the documentation does not define these request bodies, so the suite guesses them; if the server"
        yield "  rejects one, add the correct body to the file (leave out a [header] that you already have):"
        yield f"    [{planned.table.system}.bodies]"
        yield from (f"    {guess.id} = {inline(example(guess))}" for guess in guesses[: None if everything else SHOWN])
        if len(guesses) > SHOWN and not everything:
            yield as_called(f"    # and {len(guesses) - SHOWN} more; `conformance check --all` shows them")
    number = len(planned.unlocked())
    if number:
        yield "  to test more, add these lines (leave out a [header] that you already have):"
        yield from (f"    {line}" for line in additions(planned, None if everything else SHOWN))
    if number > SHOWN and not everything:
        yield as_called(f"    # and {number - SHOWN} more, which help less; `conformance check --all` shows them")


def _advice(planned: Plan, reason: Reason | None) -> str:
    """What to do about a reason."""
    if reason in (Reason.MISSING_FIXTURE, Reason.MISSING_USER):
        lacking = sum(
            bool(obstacle.missing) for _, obstacle in planned.obstacles if obstacle and obstacle.reason is reason
        )
        return "; see the lines to add below" if lacking else ""
    levels = Counter(
        obstacle.level for _, obstacle in planned.obstacles if obstacle and obstacle.reason is reason and obstacle.level
    )
    message = ", ".join(f"{count} need `{level}`" for level, count in levels.items())
    spared = sum(
        bool(obstacle.missing)
        for _, obstacle in planned.obstacles
        if obstacle and obstacle.reason is reason and obstacle.level
    )
    lines = f"; for {spared}, see the lines to add below" if spared else ""
    return f"; {message} (level in [safety]){lines}" if message else ""


def _counted(requirements: Collection[Requirement]) -> str:
    counts = Counter(requirement.level for requirement in requirements)
    levels = ", ".join(f"{counts[level]} {level}" for level in Level if counts[level])
    return f"{len(requirements):,} requirement{'' if len(requirements) == 1 else 's'} ({levels})"
