"""Rules for a register, and for what spec and register cite."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.core.hints import hint
from conformance.core.verdict import Harm
from conformance.spec.lint.rule import Found, Subject, rule
from conformance.spec.lint.spec_rules import wrong_profile
from conformance.spec.register import ASPECTS


class NotLines(ValueError):
    """A citation that names no lines."""


def lines_of(text: str) -> Iterator[int]:
    """Every line of a citation such as `8, 226-228`. Raises NotLines."""
    for part in text.split(","):
        found = re.fullmatch(r"\s*([1-9]\d{0,5})(?:-(\d{1,6}))?\s*", part)
        if found is None:
            raise NotLines
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise NotLines
        yield from range(first, last + 1)


@rule("R101")
def tried_or_why_not(subject: Subject) -> Found:
    """An entry says what tests it, or why it cannot be tested (`untestable`, with `tried: none`)."""
    for entry in subject.entries:
        if entry.tried == "none" and entry.untestable is None:
            yield entry.id, "tried: none without untestable; add why it cannot be tested"
        if entry.tried != "none" and entry.untestable is not None:
            yield entry.id, f"tried: {entry.tried} and untestable: {entry.untestable}; remove one of them"


@rule("R102")
def claimable_profiles(subject: Subject) -> Found:
    """The profile of an entry is one that a target can claim."""
    for entry in subject.entries:
        yield from ((entry.id, message) for message in wrong_profile(subject, entry.profile))


@rule("R103")
def sentences(subject: Subject) -> Found:
    """A statement is a sentence."""
    for entry in subject.entries:
        if not re.match(r"\S.*\.\Z", entry.statement, re.DOTALL):
            yield entry.id, f"statement {entry.statement[-40:]!r} is not a sentence; end it with a full stop"


@rule("R104")
def fitting_aspects(subject: Subject) -> Found:
    """An aspect is a step of what tests the entry; lifecycle and access need one."""
    for entry in subject.entries:
        known = ASPECTS.get(entry.tried, ASPECTS["scenario"])
        if entry.aspect is not None and entry.aspect not in known:
            yield (
                entry.id,
                f"aspect {entry.aspect!r} is not a step of {entry.tried}; {hint(entry.aspect, sorted(known))}",
            )
        if entry.aspect is None and entry.tried in ("lifecycle", "access"):
            yield entry.id, f"tried: {entry.tried} without aspect; {hint('', sorted(known))}"


@rule("R105")
def one_entry_a_step(subject: Subject) -> Found:
    """No two entries of an operation have the same aspect."""
    seen: dict[tuple[str, str], str] = {}
    for entry in subject.entries:
        if entry.aspect is None:
            continue
        first = seen.setdefault((entry.operation, entry.aspect), entry.id)
        if first != entry.id:
            yield entry.id, f"aspect {entry.aspect} of {entry.operation} is that of {first} already; keep one of them"


@rule("R110")
def known_harm(subject: Subject) -> Found:
    """An entry that something tries says its harm, unless it follows from its aspect."""
    for entry in subject.entries:
        if entry.tried != "none" and entry.harm is None:
            yield entry.id, f"lacks harm; add harm: {', '.join(Harm)}"


@rule("R106", "faults")
def known_faults(subject: Subject) -> Found:
    """A fault is one of the reference."""
    assert subject.faults is not None
    for requirement in subject.spec.requirements.values():
        for fault in requirement.faults:
            if fault not in subject.faults:
                yield requirement.id, f"unknown fault {fault!r}; {hint(fault, subject.faults)}"


@rule("R107")
def cited_lines(subject: Subject) -> Found:
    """Cited lines are in a document that `documents` lists."""
    lengths = subject.spec.lengths
    for requirement in subject.spec.requirements.values():
        if requirement.document not in lengths:
            yield requirement.id, f"unknown document {requirement.document!r}; {hint(requirement.document, lengths)}"
            continue
        try:
            last = max(lines_of(requirement.lines))
        except NotLines:
            yield requirement.id, f"lines {requirement.lines!r} are not lines: must be like 8, 226-228"
            continue
        if last > lengths[requirement.document]:
            yield (
                requirement.id,
                f"line {last} of {requirement.document}, which has {lengths[requirement.document]} lines; correct it",
            )


@rule("R108", "readings")
def explained_readings(subject: Subject) -> Found:
    """Every cited reading is explained on the page of readings."""
    assert subject.readings is not None
    for requirement in subject.spec.requirements.values():
        for reading in (requirement.reading or "").split(", "):
            if reading and reading not in subject.readings:
                yield requirement.id, f"reading {reading} is not explained; {hint(reading, subject.readings)}"


@rule("R109", "keys")
def needed_keys(subject: Subject) -> Found:
    """`needs` names keys of the target file."""
    assert subject.keys is not None
    for entry in subject.entries:
        for key in entry.needs:
            if key not in subject.keys:
                yield entry.id, f"unknown key {key!r} of the target file; {hint(key, subject.keys)}"
