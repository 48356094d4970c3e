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
    for one in subject.entries:
        if one.tried == "none" and one.untestable is None:
            yield one.id, "tried: none without untestable; add why it cannot be tested"
        if one.tried != "none" and one.untestable is not None:
            yield one.id, f"tried: {one.tried} and untestable: {one.untestable}; remove one of them"


@rule("R102")
def claimable_profiles(subject: Subject) -> Found:
    """The profile of an entry is one that a target can claim."""
    for one in subject.entries:
        yield from ((one.id, told) for told in wrong_profile(subject, one.profile))


@rule("R103")
def sentences(subject: Subject) -> Found:
    """A statement is a sentence."""
    for one in subject.entries:
        if not re.match(r"\S.*\.\Z", one.statement, re.DOTALL):
            yield one.id, f"statement {one.statement[-40:]!r} is not a sentence; end it with a full stop"


@rule("R104")
def fitting_aspects(subject: Subject) -> Found:
    """An aspect is a step of what tests the entry; lifecycle and access need one."""
    for one in subject.entries:
        known = ASPECTS.get(one.tried, ASPECTS["scenario"])
        if one.aspect is not None and one.aspect not in known:
            yield one.id, f"aspect {one.aspect!r} is not a step of {one.tried}; {hint(one.aspect, sorted(known))}"
        if one.aspect is None and one.tried in ("lifecycle", "access"):
            yield one.id, f"tried: {one.tried} without aspect; {hint('', sorted(known))}"


@rule("R105")
def one_entry_a_step(subject: Subject) -> Found:
    """No two entries of an operation have the same aspect."""
    seen: dict[tuple[str, str], str] = {}
    for one in subject.entries:
        if one.aspect is None:
            continue
        first = seen.setdefault((one.operation, one.aspect), one.id)
        if first != one.id:
            yield one.id, f"aspect {one.aspect} of {one.operation} is that of {first} already; keep one of them"


@rule("R110")
def known_harm(subject: Subject) -> Found:
    """An entry that something tries says its harm, unless it follows from its aspect."""
    for one in subject.entries:
        if one.tried != "none" and one.harm is None:
            yield one.id, f"lacks harm; add harm: {', '.join(Harm)}"


@rule("R106", "faults")
def known_faults(subject: Subject) -> Found:
    """A fault is one of the reference."""
    assert subject.faults is not None
    for one in subject.spec.requirements.values():
        for fault in one.faults:
            if fault not in subject.faults:
                yield one.id, f"unknown fault {fault!r}; {hint(fault, subject.faults)}"


@rule("R107")
def cited_lines(subject: Subject) -> Found:
    """Cited lines are in a document that `documents` lists."""
    lengths = subject.spec.lengths
    for one in subject.spec.requirements.values():
        if one.document not in lengths:
            yield one.id, f"unknown document {one.document!r}; {hint(one.document, lengths)}"
            continue
        try:
            last = max(lines_of(one.lines))
        except NotLines:
            yield one.id, f"lines {one.lines!r} are not lines: must be like 8, 226-228"
            continue
        if last > lengths[one.document]:
            yield one.id, f"line {last} of {one.document}, which has {lengths[one.document]} lines; correct it"


@rule("R108", "readings")
def explained_readings(subject: Subject) -> Found:
    """Every cited reading is explained on the page of readings."""
    assert subject.readings is not None
    for one in subject.spec.requirements.values():
        for reading in (one.reading or "").split(", "):
            if reading and reading not in subject.readings:
                yield one.id, f"reading {reading} is not explained; {hint(reading, subject.readings)}"


@rule("R109", "keys")
def needed_keys(subject: Subject) -> Found:
    """`needs` names keys of the target file."""
    assert subject.keys is not None
    for one in subject.entries:
        for key in one.needs:
            if key not in subject.keys:
                yield one.id, f"unknown key {key!r} of the target file; {hint(key, subject.keys)}"
