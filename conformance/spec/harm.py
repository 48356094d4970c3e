"""The consequence of a contradicted requirement for users of the server, apart from its level."""

from __future__ import annotations

from typing import Final

from conformance.core.verdict import Harm

OF_ASPECTS: Final = {
    "no-credentials-refused": Harm.ACCESS,
    "wrong-credentials-refused": Harm.ACCESS,
    "unknown-tenant-refused": Harm.ACCESS,
    "permission-refused": Harm.ACCESS,
    "leaves-others": Harm.DATA_LOSS,
    "leaves-other-kinds": Harm.DATA_LOSS,
    "created-reads-as-sent": Harm.WRONG_DATA,
    "created-is-listed-as-sent": Harm.WRONG_DATA,
    "updated-reads-as-sent": Harm.WRONG_DATA,
    "updated-is-listed": Harm.WRONG_DATA,
    "deleted-is-gone": Harm.WRONG_DATA,
    "deleted-is-unlisted": Harm.WRONG_DATA,
    "created-is-readable": Harm.MISSING,
    "created-is-listed": Harm.MISSING,
    "permission-suffices": Harm.MISSING,
    "answers-a-token": Harm.MISSING,
    "token-opens": Harm.MISSING,
    "deleted-again-refused": Harm.FORM,
}
"""The harm that follows from the aspect of an entry of the register."""

OF_STRUCTURE: Final = {
    "exists": Harm.MISSING,
    "present": Harm.MISSING,
    "accepted": Harm.MISSING,
    "generated-accepted": Harm.MISSING,
    "documented-form": Harm.MISSING,
    "verbatim": Harm.WRONG_DATA,
}
"""The harm that follows from the last part of the id of a structural requirement; of every other it is the form."""


def of_structure(requirement: str) -> Harm:
    """The harm of a structural requirement, by its id."""
    return OF_STRUCTURE.get(requirement.rpartition(":")[2], Harm.FORM)


def of_entry(stated: Harm | None, aspect: str | None) -> Harm | None:
    """The harm of an entry of the register: the stated one, otherwise that of its aspect; None without either."""
    return stated or OF_ASPECTS.get(aspect or "")
