"""Compute the run record from the logs of the workers. Pure, except that it reads the logs."""

from __future__ import annotations

import platform
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from conformance.core.run_directory import RunDirectory
from conformance.core.verdict import (
    CHANGES_NOTHING,
    UNFINISHED,
    Harm,
    Kind,
    Level,
    Outcome,
    Reason,
    Verdict,
)
from conformance.core.version import __version__
from conformance.engine.checks import shorten
from conformance.report.baseline import fingerprints
from conformance.report.run_record import (
    AccommodationRecord,
    BaselineEntry,
    BaselineReport,
    Coverage,
    DeviationRecord,
    Leftover,
    Residue,
    RunRecord,
    Shape,
    SuiteInfo,
    TargetInfo,
    TestRecord,
    VerdictRecord,
    summarise,
)
from conformance.report.script import about
from conformance.report.tested_share import coverage, is_short
from conformance.run import outcomes, worker_log
from conformance.run.context import RunContext
from conformance.run.exit_policy import Ending, exit_code, is_empty
from conformance.run.repetition import is_unstable
from conformance.run.reproduction import Recorded, reproduction
from conformance.run.titles import title
from conformance.run.worker_log import WorkerLogs
from conformance.spec import specification
from conformance.spec.document_lines import DocumentLines
from conformance.spec.specification import Requirement, Specification
from conformance.target.accommodation import ACCOMMODATIONS, named, of_the_form
from conformance.target.system_table import urls
from conformance.target.tables import Place
from conformance.target.target import Target
from conformance.wire import ledger

SOFT_DELETED: Final = "a deletion only marks it as deleted"


def _durations(tests: list[TestRecord], calls: Mapping[str, list[float]]) -> dict[str, dict[str, float]]:
    by_operation = sorted(calls.items())
    return {
        "tests": {test.id: round(test.seconds, 3) for test in tests},
        "operations": {operation: round(mean(seconds), 4) for operation, seconds in by_operation},
        "medians": {operation: round(median(seconds), 4) for operation, seconds in by_operation},
        "fastest": {operation: round(min(seconds), 4) for operation, seconds in by_operation},
        "slowest": {operation: round(max(seconds), 4) for operation, seconds in by_operation},
        "calls": {operation: len(seconds) for operation, seconds in by_operation},
    }


def aggregate(target: Target, systems: list[str], output: Path, context: RunContext) -> RunRecord:
    """The run record of the files in `output`, including the exit code."""
    directory = RunDirectory(output)
    logs = worker_log.read(directory.worker_logs())
    absent = logs.absent(context)
    context = replace(context, selected=context.selected or bool(absent))
    worker_log.join_exchanges(directory)
    specs = {system: target.table(system).specification() for system in systems}
    requirements = {
        requirement.id: requirement for spec in specs.values() for requirement in spec.requirements.values()
    }
    verdicts = outcomes.explained(outcomes.verdicts(target, specs, logs, context))
    claimed = {verdict.requirement for verdict in verdicts if verdict.outcome not in outcomes.EXEMPT}
    wanted = {key for key, requirement in requirements.items() if context.filter.selects(key, requirement)}
    requirements = {key: requirement for key, requirement in requirements.items() if key in claimed & wanted}
    files = target.network.shown(target.placeholders().get(("network", "client_key_password"), ""))
    deviations, findings = _deviations(logs, requirements, output, context.known, files, target, context.documents)
    verdicts = outcomes.with_recorded_roots(
        verdicts, {deviation.fingerprint for deviation in (*deviations, *findings)}, wanted, logs
    )
    problems = list(dict.fromkeys([*context.internal, *logs.internal, *logs.problems, *logs.misnamed]))
    problems += [f"a test outside the suites failed: {value}" for value in context.beside]
    problems += [f"worker {name} ended without finishing its log" for name in logs.unfinished]
    unstable = {test for deviation in deviations if deviation.unstable for test in deviation.tests}
    unstable -= {test for deviation in deviations if deviation.is_new for test in deviation.tests}
    tests = [
        TestRecord(**{**test, "outcome": "xfailed"} if test["id"] in unstable and test["outcome"] == "failed" else test)
        for test in sorted(logs.tests, key=lambda test: str(test["id"]))
    ]
    leftovers, residue = remains(output)
    complete = not (
        context.interrupted
        or context.selected
        or not context.shard.whole
        or logs.unavailable
        or logs.misnamed
        or logs.unfinished
        or context.internal
        or logs.internal
        or any(verdict.reason in UNFINISHED for verdict in verdicts)
    )
    covered = coverage(verdicts, [*deviations, *findings], context.min_tested)
    entries = None
    if context.baseline is not None:
        found = fingerprints([*deviations, *findings])
        entries = context.baseline.report(context.day, found, verdicts, tests, complete=complete)
    counting = [*deviations, *(findings if context.strict else [])]
    return RunRecord(
        complete=complete,
        exit_code=exit_code(_ending(context, logs, verdicts, tests, counting, entries, covered)),
        target=TargetInfo(
            name=target.name,
            systems=systems,
            urls={f"{system} {key}": url for system in systems for key, url in urls(target.table(system)).items()},
            versions={value: version for value in systems if (version := target.table(value).version)},
            safety=target.safety.level,
            verify=target.network.verify,
        ),
        suite=SuiteInfo(
            version=__version__,
            specs={system: spec.digest for system, spec in specs.items()},
            documents={name: digest for spec in specs.values() for name, digest in spec.documents.items()},
            seed=context.seed,
            depth=context.depth,
        ),
        environment={"python": platform.python_version(), "platform": platform.platform()},
        started=context.started,
        seconds=round(context.seconds, 2),
        requests=logs.requests,
        gateway=dict(sorted(logs.gateway.items())),
        shard=None if context.shard.whole else str(context.shard),
        division=context.division,
        verdicts=verdicts,
        deviations=deviations,
        findings=findings,
        accommodations=[
            accommodation for system in systems for accommodation in _accommodations(target, specs[system], logs)
        ],
        baseline=entries,
        tests=tests,
        not_run=absent,
        beside=list(context.beside),
        shapes={
            operation: {status: Shape(**seen.shape()) for status, seen in sorted(statuses.items())}
            for operation, statuses in sorted(logs.shapes.items())
        },
        calls={
            shape: operation.request
            for shape in sorted(logs.shapes)
            for spec in specs.values()
            if (operation := spec.operations.get(shape))
        },
        durations=_durations(tests, logs.durations),
        leftovers=leftovers,
        residue=residue,
        problems=problems,
        summary=summarise(verdicts),
        coverage=covered,
    )


def _accommodations(target: Target, spec: Specification, logs: WorkerLogs) -> Iterator[AccommodationRecord]:
    """The accommodations of the target file, without secrets, with the verdict of the test of the documented form."""
    for number, accommodation in enumerate(target.table(spec.system).accommodations):
        operation = named(spec, accommodation.operation)
        about = of_the_form(spec, operation)
        end = f"{ACCOMMODATIONS}::"
        verdicts = [
            verdict
            for test, verdict in logs.verdicts
            if test.startswith(f"{spec.system}/{end}") and verdict.requirement in about
        ]
        deviation = next((verdict.fingerprint for verdict in verdicts if verdict.fingerprint), None)
        accepted = verdicts and all(verdict.outcome is Outcome.CONFORMS for verdict in verdicts)
        data = accommodation.model_dump(mode="json", exclude={"operation"}, exclude_defaults=True)
        place = (spec.system, "accommodations", str(number))
        yield AccommodationRecord(
            system=spec.system,
            operation=operation.id,
            deviation=deviation,
            needed=True if deviation else False if accepted else None,
            **_without_secrets(data, place, target.placeholders()),
        )


def _without_secrets(data: Any, place: Place, placeholders: Mapping[Place, str]) -> Any:
    """Data of the target file with each secret replaced by `$NAME`."""
    if isinstance(data, dict):
        return {key: _without_secrets(item, (*place, key), placeholders) for key, item in data.items()}
    if isinstance(data, list):
        return [_without_secrets(item, (*place, str(index)), placeholders) for index, item in enumerate(data)]
    return f"${placeholders[place]}" if place in placeholders else data


def _ending(
    context: RunContext,
    logs: WorkerLogs,
    verdicts: list[VerdictRecord],
    tests: list[TestRecord],
    counting: list[DeviationRecord],
    entries: BaselineReport | None,
    covered: Coverage,
) -> Ending:
    """How the run ended; `counting` are the deviations that may fail it."""
    crashed = (logs.unfinished or context.crashed) and not context.interrupted
    unreachable = any(
        verdict.reason is Reason.TARGET_UNAVAILABLE and verdict.level is not Level.MAY for verdict in verdicts
    )
    return Ending(
        internal=bool(context.internal or logs.internal or crashed),
        interrupted=context.interrupted,
        unavailable=bool(logs.unavailable or logs.misnamed or unreachable),
        new_deviations=any(deviation.is_new for deviation in counting),
        stale_baseline=bool(context.baseline_strict and entries and entries.gone),
        tested_too_little=is_short(covered) and context.shard.whole,
        pytest_status=context.status,
        nothing_ran=context.shard.whole
        and is_empty((test.outcome for test in tests), (verdict.outcome for verdict in verdicts)),
    )


def _deviations(
    logs: WorkerLogs,
    requirements: Mapping[str, Requirement],
    output: Path,
    known: Mapping[str, BaselineEntry],
    files: Mapping[str, str],
    target: Target,
    documents: DocumentLines,
) -> tuple[list[DeviationRecord], list[DeviationRecord]]:
    groups: dict[str, list[tuple[str, Verdict]]] = {}
    for test, verdict in logs.verdicts:
        if verdict.fingerprint is not None and verdict.requirement in requirements:
            groups.setdefault(verdict.fingerprint, []).append((test, verdict))
    firsts = {key: _clearest([item for _, item in group]) for key, group in groups.items()}
    stored = _stored(output, {name for item in firsts.values() for name in _chain(item)})
    records: list[DeviationRecord] = []
    for key, group in sorted(groups.items()):
        first = firsts[key]
        requirement = requirements[first.requirement]
        places = _by_place(first.kind, (item for _, item in group))
        tests = sorted({test for test, _ in group})
        assert first.kind is not None
        deviation = DeviationRecord(
            fingerprint=key,
            requirement=requirement.id,
            system=requirement.system,
            profile=requirement.profile,
            operation=requirement.operation,
            call=requirement.request,
            level=requirement.level,
            harm=requirement.harm or Harm.FORM,
            kind=first.kind,
            location=first.location if len(places) < 2 else "",
            places=sorted(places),
            title=title(requirement, first),
            expected=_joined(places, "expected") or first.expected,
            observed=_joined(places, "observed") or first.observed,
            document=requirement.document,
            section=requirement.section,
            lines=requirement.lines,
            text=documents.cited(requirement.document, requirement.lines),
            reading=requirement.reading,
            occurrences=len(tests),
            tests=tests,
            evidence=list(dict.fromkeys([*first.evidence, *(x for _, item in group[:3] for x in item.evidence)]))[:6],
            chain=list(first.chain),
        )
        sent = [stored[name] for name in _chain(first) if name in stored]
        names = target.placeholders_of(deviation.system, logs.placeholders)
        command = reproduction(sent, about(deviation), names, files, shown=_shown(first, stored), settle=target.settle)
        entry = deviation.covered_by(known)
        unstable = entry is None and is_unstable(group, logs.repetitions)
        records.append(deviation.model_copy(update={"baseline": entry, "unstable": unstable, "reproduce": command}))
    records = ordered(records)
    return (
        [record for record in records if record.level is not Level.MAY],
        [record for record in records if record.level is Level.MAY],
    )


def _by_place(kind: Kind | None, verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """The first verdict on each field that was not read back; empty for other kinds of deviations."""
    found: dict[str, Verdict] = {}
    for verdict in verdicts if kind is Kind.READ_BACK else ():
        found.setdefault(verdict.location, verdict)
    return found


def _joined(places: Mapping[str, Verdict], member: str) -> str:
    """The expected or observed values of several fields, in one line; empty for a single field."""
    if len(places) < 2:
        return ""
    first = sorted(places, key=lambda place: (place.count("/"), place))  # a name says more than what is deep inside
    return shorten("; ".join(f"{place or 'answer'}: {getattr(places[place], member)}" for place in first))


def ordered(records: Iterable[DeviationRecord]) -> list[DeviationRecord]:
    """Deviations in the order of a record."""
    order = {level: rank for rank, level in enumerate(Level)}
    return sorted(
        records,
        key=lambda record: (record.system, order[record.level], record.operation, record.requirement, record.location),
    )


def _clearest(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that shows a deviation best: the complete one, with the fewest requests."""
    whole = [verdict for verdict in verdicts if verdict.detail == CHANGES_NOTHING]
    return min(whole or verdicts, key=lambda verdict: len(verdict.chain) or 1)


def _chain(verdict: Verdict) -> tuple[str, ...]:
    """The exchanges that reproduce a deviation."""
    return verdict.chain or verdict.evidence[:1]


def _shown(verdict: Verdict, stored: Mapping[str, Recorded]) -> str:
    """The exchange that shows a deviation: the last one, if the first of the evidence only led to it."""
    chain, first = _chain(verdict), verdict.evidence[0]
    carried_out = verdict.kind is Kind.NOT_REFUSED and first in stored and stored[first].status >= 400
    return first if first in chain and chain[-1] in verdict.evidence and not carried_out else chain[-1]


def _stored(output: Path, wanted: Container[str]) -> dict[str, Recorded]:
    """The stored exchanges with the ids `wanted`."""
    lines = worker_log.lines(RunDirectory(output).exchanges)
    return {line["id"]: Recorded.of(line) for line in lines if line["id"] in wanted}


def remains(output: Path) -> tuple[list[Leftover], list[Residue]]:
    """What still exists on the target according to the journals: what could be removed, and what cannot."""
    leftovers: list[Leftover] = []
    permanent_by_kind: dict[tuple[str, str, str], list[str]] = {}
    for path in RunDirectory(output).journals():
        journal = ledger.read(path)
        for entry in journal.open():
            why, permanent = journal.kept.get(entry.key, ("" if entry.identifier else ledger.UNSEEN, False))
            if permanent:
                permanent_by_kind.setdefault((entry.system, entry.kind, why), []).append(entry.identifier)
            else:
                left = Leftover(
                    system=entry.system, kind=entry.kind, identifier=entry.identifier, name=entry.name, why=why
                )
                leftovers.append(left)
        for system, kind in journal.residue:
            known = journal.started_of((system, kind))  # in the order in which they were started
            unknown = [""] * (journal.residue[system, kind] - len(known))
            permanent_by_kind.setdefault((system, kind, ""), []).extend([*known, *unknown])
        for key, (_, why) in journal.doubtful.items():
            entry = journal.entries[key]
            permanent_by_kind.setdefault((entry.system, entry.kind, why), []).append(entry.name)
        for entry in _marked(journal):
            permanent_by_kind.setdefault((entry.system, entry.kind, SOFT_DELETED), []).append(entry.identifier)
    residue = [
        Residue(system=system, kind=kind, count=len(those), identifiers=list(filter(None, those))[:50], why=why)
        for (system, kind, why), those in sorted(permanent_by_kind.items())
    ]
    return leftovers, residue


def _marked(journal: ledger.Ledger) -> Iterator[ledger.Entry]:
    """What was deleted by an operation that only marks it as deleted."""
    for entry in journal.entries.values():
        if entry.key in journal.removed and entry.identifier:
            operations = specification.load(entry.system).operations
            link = operations[entry.operation].link("delete")
            if link is not None and operations[link.operation].soft_delete:
                yield entry
