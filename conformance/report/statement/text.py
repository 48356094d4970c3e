"""Statement text: a statement as lines and tables, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.core.verdict import Level, Outcome
from conformance.report import escape, words
from conformance.report.section import Section
from conformance.report.statement.statement import (
    Conformance,
    Profile,
    Score,
    Stated,
    Statement,
    Unsupported,
    percent,
    words_of,
)

DEVIATIONS: Final = "Deviations"
NOT_EXERCISED: Final = "Not exercised"
READ: Final = (
    "A profile is a group of operations. Score: must and should requirements met, out of those that the vendor claims "
    "and that can be tested. Tested: how many of these this run tested."
)
AREAS: Final = (
    "An area is a group of operations. Met: must and should requirements that are met, of those that the vendor claims "
    "and that can be tested."
)
RULES: Final = (
    "conforms: every must and should requirement is met, except those that the documentation leaves undecided",
    "partial: no must requirement failed, but a should requirement did, or something was not tested or not claimed",
    "does not conform: a must requirement failed",
)
PROFILES: Final = ("Profile", "Result", "Score", "Tested", "Why")
COUNTS: Final = ("Profile", "Level", *(words.OUTCOMES[outcome][0] for outcome in Outcome))


def title(statement: Statement) -> str:
    """The product with its version."""
    return f"{statement.product.name} {statement.product.version}".strip()


def sentence(statement: Statement) -> str:
    """What is stated, in one or two sentences."""
    titles = words.joined(dict.fromkeys(words.area(item.profile)[0] for item in statement.profiles))
    product, score = title(statement), statement.score
    if statement.standing is Conformance.CONFORMS:
        return f"{product} does what the API documentation of {titles} says, in all that was tested: {reached(score)}."
    broken = sum(item.standing is Conformance.DOES_NOT for item in statement.profiles)
    message = f"{product} meets {reached(score)} of the requirements in the API documentation of {titles}."
    areas = words.count(len(statement.profiles), "area")
    return f"{message} In {broken} of {areas}, a must requirement is not met." if broken else message


def opening(statement: Statement) -> tuple[str, str]:
    """What was tested by what against what, and how to read the scores."""
    systems = ", ".join(statement.conditions.systems)
    return (
        f"Tested against the API documentation of {systems} (checksums below).",
        READ,
    )


def facts(statement: Statement) -> list[tuple[str, str]]:
    """What was tested by what and when, each with its label."""
    suite, conditions = statement.suite, statement.conditions
    how = f"depth {suite.depth}, seed {suite.seed}, {conditions.requests:,} requests"
    return [
        ("Result", statement.headline),
        ("Score", score(statement.score)),
        ("Date", statement.date),
        ("Systems", ", ".join(conditions.systems)),
        ("Safety level", conditions.safety),
        *([] if conditions.verify else [("TLS", "certificates were not verified")]),
        ("Suite", f"conformance {suite.version}, {how}"),
        ("Command, with the target file", statement.repeat),
    ]


def digests(statement: Statement) -> list[tuple[str, str]]:
    """The checksums of what the server was compared with, each with its name."""
    suite = statement.suite
    run = [("run.json", statement.run_sha256)] if statement.run_sha256 else []
    return [*run, *((f"spec of {system}", digest) for system, digest in suite.specs.items()), *suite.documents.items()]


def reached(score: Score) -> str:
    """The score reached, in words."""
    return f"{score.reached:,} of {score.total:,} ({percent(score.reached, score.total)})"


def score(score: Score) -> str:
    """The score reached and the highest that could have been, in words."""
    return f"{reached(score)} met, {reachable(score)} tested"


def reachable(score: Score) -> str:
    """The highest score that could have been reached, by what was tested, in words."""
    return f"{score.reachable:,} ({percent(score.reachable, score.total)})"


def profile(item: Profile) -> tuple[str, ...]:
    """The row of a profile, under `PROFILES`."""
    return (item.profile, words_of(item.standing), reached(item.score), reachable(item.score), item.why)


def counts(statement: Statement) -> Iterator[tuple[str, ...]]:
    """The rows of the counts, under `COUNTS`."""
    for item in statement.profiles:
        for level in map(str, Level):
            if row := item.counts.get(level):
                yield (item.profile, level, *(f"{row.get(str(outcome), 0):,}" for outcome in Outcome))


def sections(statement: Statement) -> Iterator[Section]:
    """The non-empty lists of a statement."""
    known = statement.baseline
    expired, gone = (known.expired, known.gone) if known else ([], [])
    parts = [
        Section(DEVIATIONS, words.DEVIATION, tuple(map(_deviation, statement.deviations))),
        Section(
            NOT_EXERCISED, "must and should requirements that were not tested, by reason", tuple(_untried(statement))
        ),
        Section("Not supported", "according to the vendor", tuple(map(_unsupported, statement.unsupported))),
        Section(
            "Accommodations",
            words.ACCOMMODATION,
            _single(words.accommodation(accommodation) for accommodation in statement.accommodations),
        ),
        Section("Expired baseline entries", words.EXPIRED, _single(words.listed(entry) for entry in expired)),
        Section(
            "Baseline entries that no longer occur",
            words.NO_LONGER_OCCURS,
            _single(words.listed(entry) for entry in gone),
        ),
    ]
    return (part for part in parts if part.entries)


def _single(lines: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple((line,) for line in lines)


def _deviation(statement: Stated) -> tuple[str, ...]:
    known = [f"known: {words.accepted(statement.baseline)}"] if statement.baseline else []
    return (
        statement.title,
        f"{statement.level}; {statement.operation}, {statement.profile}; {statement.fingerprint}",
        statement.citation,
        f"expected: {statement.expected}",
        f"observed: {statement.observed}",
        *known,
    )


def _untried(statement: Statement) -> Iterator[tuple[str, ...]]:
    meanings = {str(reason): meaning for reason, meaning in words.REASONS.items()}
    for item in statement.profiles:
        if item.unexercised:
            reasons = (f"{number:,} {reason}: {meanings[reason]}" for reason, number in item.unexercised.items())
            yield (item.profile, *reasons)


def _unsupported(unsupported: Unsupported) -> tuple[str, ...]:
    what = "the whole profile" if unsupported.whole else ", ".join(unsupported.operations)
    return (f"{unsupported.profile}: {what} ({words.count(unsupported.requirements, 'requirement')})",)


def markdown(statement: Statement) -> str:
    """The statement in Markdown. Text from a server or a target file is escaped."""
    parts = [
        f"# {escape.markdown(title(statement))}: {statement.headline}",
        *opening(statement),
        "\n".join(f"- {label}: {escape.markdown(value)}" for label, value in facts(statement)),
        "\n".join(["## Profiles", "", *_table(PROFILES, map(profile, statement.profiles))]),
        "\n".join(f"- {rule}" for rule in RULES),
        "\n".join(["## Requirements by outcome", "", *_table(COUNTS, counts(statement))]),
        *(_listed(section) for section in sections(statement)),
        "\n".join(["## Checksums (SHA-256)", "", *_table(("File", "Checksum"), digests(statement))]),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *([escape.markdown(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _listed(section: Section) -> str:
    entries = ("- " + "<br>\n  ".join(map(escape.markdown, entry)) for entry in section.entries)
    return "\n".join([f"## {section.title} ({len(section.entries):,})", "", f"*{section.meaning}*", "", *entries])
