"""Verdicts and deviations: the result for a requirement, and the fingerprint of a defect."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How firmly a document states a requirement; the register writes it in lower case.

    A contradiction of *must* or *should* is a deviation and fails the run, one of *may* is a finding.

    >>> Level("must") is Level.MUST
    True
    """

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Harm(StrEnum):
    """The consequence of a contradicted requirement for users of the server, the worst first."""

    ACCESS = "access"
    DATA_LOSS = "data loss"
    WRONG_DATA = "wrong data"
    MISSING = "missing"
    FORM = "form"


class Outcome(StrEnum):
    """The outcome of one requirement, strongest first: the first one wins when verdicts are merged."""

    DEVIATES = "deviates"
    CONFORMS = "conforms"
    BLOCKED = "blocked"
    UNSUPPORTED = "unsupported"
    NOT_APPLICABLE = "not-applicable"
    NOT_EXERCISED = "not-exercised"


class Reason(StrEnum):
    """Why a requirement was not exercised: the closed list.

    Most are given by the suite. A test of your own mostly needs `INCONCLUSIVE` (the responses do not decide it) and
    `MISSING_FIXTURE` (the server lacks what the test needs).

    >>> str(Reason.INCONCLUSIVE)
    'inconclusive'
    """

    MISSING_FIXTURE = "missing fixture"
    MISSING_USER = "missing user"
    UNDOCUMENTED_REQUEST = "undocumented request"
    NEEDS_DATABASE = "needs the database"
    CLIENT_SIDE = "client side"
    SAFETY_LEVEL = "safety level"
    TIME_BUDGET = "time budget"
    LIMIT_REACHED = "limit reached"
    INTERRUPTED = "interrupted"
    TARGET_UNAVAILABLE = "target unavailable"
    MISSING_SHARD = "missing shard"
    INCONCLUSIVE = "inconclusive"
    NOT_SELECTED = "not selected"
    UNSUPPORTED = "unsupported operation"


TESTED: Final = (Outcome.CONFORMS, Outcome.DEVIATES)
"""The outcomes of a requirement that was tested."""

UNFINISHED: Final = (Reason.TIME_BUDGET, Reason.INTERRUPTED, Reason.TARGET_UNAVAILABLE, Reason.MISSING_SHARD)
"""The reasons for which a run was not finished: another run of the same target may say more."""


CHANGES_NOTHING = "changes nothing"
"""The detail of a deviation of an update that was accepted, and after which everything reads as before."""


class Kind(StrEnum):
    """In what way a target deviates. It is part of the fingerprint: keep the one that a test once recorded.

    >>> Kind.READ_BACK.value
    'read back'
    """

    MISSING_OPERATION = "missing operation"
    STATUS = "status"
    CONTENT_TYPE = "content type"
    NOT_JSON = "not JSON"
    MISSING_FIELD = "missing field"
    TYPE = "type"
    VALUE = "value"
    FORMAT = "format"
    REFUSED = "refused"
    NOT_REFUSED = "not refused"
    EFFECT = "effect"
    READ_BACK = "read back"
    ERROR_OBJECT = "error object"
    MESSAGE = "message"
    OTHER_READING = "other reading"
    SERVER_ERROR = "server error"
    ABSENT = "absent"


def fingerprint(requirement: str, operation: str, kind: Kind, location: str) -> str:
    """The name of a defect: 16 hexadecimal digits that do not change from run to run.

    No value, identifier or date of a run goes in, so the same defect has the same name everywhere.
    """
    key = "\n".join((requirement, operation, kind.value, location))
    return hashlib.sha256(key.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One statement of one test about one requirement.

    `evidence` holds exchange ids. A deviating verdict has `kind`, `expected` and `observed`; one that is not
    exercised has a `reason`; a blocked one names in `blocked_by` the fingerprint of the deviation at its root.
    `detail` adds in words what is missing (a fixture's name, a user, a limit). `chain` are the exchanges to send again,
    in the order in which they were sent, to see a deviation again; none where the first of its evidence is enough.
    """

    requirement: str
    operation: str
    outcome: Outcome
    evidence: tuple[str, ...] = ()
    kind: Kind | None = None
    location: str = ""
    expected: str = ""
    observed: str = ""
    reason: Reason | None = None
    detail: str = ""
    blocked_by: str | None = None
    chain: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome in (Outcome.CONFORMS, Outcome.DEVIATES) and not self.evidence:
            raise ValueError(f"{self.requirement}: a verdict needs evidence")
        if self.outcome is Outcome.DEVIATES and self.kind is None:
            raise ValueError(f"{self.requirement}: a deviation needs a kind")
        if self.outcome is Outcome.NOT_EXERCISED and self.reason is None:
            raise ValueError(f"{self.requirement}: what was not exercised needs a reason")
        if self.outcome is Outcome.BLOCKED and not self.blocked_by:
            raise ValueError(f"{self.requirement}: a blocked verdict names the deviation at its root")

    @property
    def fingerprint(self) -> str | None:
        """The deviation's key; None unless the verdict deviates.

        Values that are not read back are one defect, however many fields they are in, so the key contains no field.
        """
        if self.outcome is not Outcome.DEVIATES or self.kind is None:
            return None
        place = "" if self.kind is Kind.READ_BACK else self.location
        return fingerprint(self.requirement, self.operation, self.kind, place)

    @property
    def fingerprint_of_place(self) -> str | None:
        """The deviation's key with its place. Baselines of earlier versions use it for values that are not read
        back.
        """
        if self.outcome is not Outcome.DEVIATES or self.kind is None:
            return None
        return fingerprint(self.requirement, self.operation, self.kind, self.location)


PRECEDENCE = {outcome: rank for rank, outcome in enumerate(Outcome)}


def stronger(outcome: Outcome, other: Outcome) -> Outcome:
    """The stronger of two outcomes of one requirement."""
    return min(outcome, other, key=PRECEDENCE.__getitem__)
