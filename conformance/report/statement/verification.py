"""Compare a statement with the run that it is about. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.report.statement.statement import Profile, Statement


def differences(stated: Statement, made: Statement) -> Iterator[str]:
    """The differences between a published statement and the one `made` from the run, one line each.

    Name and version of the product are the vendor's. Texts may differ between versions of the suite; results, scores,
    counts, checksums and the list of deviations may not.
    """
    if stated.run_sha256 and stated.run_sha256 != made.run_sha256:
        claimed, found = stated.run_sha256[:16], made.run_sha256[:16]
        yield f"run.json: the statement is about another file (SHA-256 {claimed}…, not {found}…)"
    for what, said, is_so in (
        ("date", stated.date, made.date),
        ("result", stated.standing, made.standing),
        ("score", stated.score, made.score),
        ("systems", stated.conditions.systems, made.conditions.systems),
        ("safety level", stated.conditions.safety, made.conditions.safety),
        ("TLS verification", stated.conditions.verify, made.conditions.verify),
    ):
        if said != is_so:
            yield f"{what}: the statement says {_shown(said)}, the run {_shown(is_so)}"
    for kind, claimed_digests, digests in (
        ("spec", stated.suite.specs, made.suite.specs),
        ("document", stated.suite.documents, made.suite.documents),
    ):
        for name in sorted({*claimed_digests, *digests}):
            if claimed_digests.get(name) != digests.get(name):
                yield f"checksum of the {kind} {name}: differs"
    yield from _profiles(
        {profile.profile: profile for profile in stated.profiles},
        {profile.profile: profile for profile in made.profiles},
    )
    claimed_defects = {deviation.fingerprint: deviation.title for deviation in stated.deviations}
    defects = {deviation.fingerprint: deviation.title for deviation in made.deviations}
    for key in sorted({*claimed_defects, *defects}):
        if key not in claimed_defects:
            yield f"deviation {key}: missing in the statement: {defects[key]}"
        elif key not in defects:
            yield f"deviation {key}: not in the run: {claimed_defects[key]}"


def _profiles(stated: dict[str, Profile], made: dict[str, Profile]) -> Iterator[str]:
    for name in sorted({*stated, *made}):
        if name not in stated:
            yield f"{name}: missing in the statement"
        elif name not in made:
            yield f"{name}: not in the run"
        else:
            claimed, found = stated[name], made[name]
            if (claimed.standing, claimed.score, claimed.counts) != (found.standing, found.score, found.counts):
                said = f"{claimed.standing.value}, {_shown(claimed.score)}"
                yield f"{name}: the statement says {said}, the run {found.standing.value}, {_shown(found.score)}"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    reached, total = getattr(value, "reached", None), getattr(value, "total", None)
    return str(value) if total is None else f"{reached} of {total}"
