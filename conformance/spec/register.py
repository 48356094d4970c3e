"""Register: the models of `requirements.yaml` (`docs/spec-format.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from conformance.core.strict_model import (
    Flag,
    Lines,
    Vocabulary,
    Word,
    Words,
)
from conformance.core.verdict import Harm, Level, Reason

Step = Literal[
    "created-is-readable",
    "created-is-listed",
    "created-is-listed-as-sent",
    "created-reads-as-sent",
    "updated-reads-as-sent",
    "updated-is-listed",
    "deleted-is-gone",
    "deleted-is-unlisted",
    "deleted-again-refused",
    "leaves-others",
]
Stranger = Literal["no-credentials-refused", "wrong-credentials-refused", "unknown-tenant-refused"]
Permission = Literal["permission-refused", "permission-suffices"]
Alone = Literal["answers-a-token", "created-is-readable", "token-opens", "leaves-other-kinds"]
Aspect = Literal[Step, Stranger, Permission, Alone]
Tried = Literal["lifecycle", "access", "scenario", "property", "none"]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

ASPECTS: Final[Mapping[str, frozenset[str]]] = {
    "lifecycle": frozenset(get_args(Step)),
    "access": frozenset(get_args(Stranger) + get_args(Permission)),
    "scenario": frozenset(get_args(Stranger) + get_args(Alone)),
}
"""The aspects that an entry may have, by what tests it. Lifecycle and access tests need one."""


HAS_PERMISSIONS: Final[Mapping[str, bool]] = {"permission-refused": False, "permission-suffices": True}
"""The aspects that are tested by a user of the target file, with whether that is one who has any permission."""


class Document(Vocabulary):
    """A document that spec and register were written from."""

    sha256: Sha256
    """Its checksum."""
    lines: int = Field(ge=1)
    """How many lines it has."""
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    """Where it was published, if it was."""


class Entry(Vocabulary):
    """One requirement, or one for `each` of several operations."""

    id: Word
    """Its id, in capitals: system, subject, statement."""
    level: Level
    """How firmly the document states it."""
    operation: str | None = None
    """The operation at fault when it is contradicted; empty only where nothing can test it."""
    each: tuple[Word, ...] = ()
    """Operations of each of which the same is required, instead of `operation`."""
    profile: Word | None = None
    """The group of operations that it belongs to; by default that of the operation."""
    document: Word | None = None
    """The document that states it; with `each`, by default that of the operation."""
    section: Word | None = None
    """The section of the document."""
    lines: Lines | None = None
    """The lines of the document."""
    statement: Word
    """What is required, in one sentence of the project's own."""
    deviation: Word | None = None
    """What is wrong with a server that contradicts it, for the title of the deviation: `a deleted project can still
    be read`. `{field}` is replaced by the field in question."""
    reading: Words | None = None
    """The readings that it rests on: one code, or a list."""
    tried: Tried
    """What tests it."""
    harm: Harm | None = None
    """The consequence for users of the server if it is contradicted; by default what follows from the aspect."""
    aspect: Aspect | None = None
    """Which step of that it is."""
    since: Word | None = None
    """The version that the document names."""
    faults: tuple[Word, ...] = ()
    """The faults of the reference that contradict exactly this requirement."""
    needs: tuple[Word, ...] | None = None
    """Keys of the target file without which it cannot be tested; by default what a call of its operation needs."""
    untestable: Reason | None = None
    """Why nothing can test it: only with `tried: none`."""
    disposable: Flag = False
    """Whether it is tested at that safety level only."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        said = self.model_fields_set
        needed = ("document", "section", "lines") if not self.each else ()
        lacking = [key for key in needed if getattr(self, key) is None]
        lacking += ["operation"] if not {"operation", "each"} & said else []
        if lacking:
            raise ValueError(f"lacks {', '.join(lacking)}")
        if {"operation", "each"} <= said:
            raise ValueError("has both operation and each; remove one of them")
        return self


class Register(Vocabulary):
    """The requirements of one system that do not follow from its spec."""

    documents: dict[Word, Document] = Field({})
    """The documents that spec and register were written from, by name."""
    requirements: tuple[Entry, ...]
    """The requirements."""
    users: dict[Word, tuple[Word, ...]] = Field({})
    """The users of the target file by whom access is tested, each with the permissions that it has."""
    structural: dict[Word, tuple[Word, ...]] = Field({})
    """The faults of the reference that contradict a requirement that follows from the spec, by its id."""


def user_of(aspect: str | None, users: Mapping[str, tuple[str, ...]]) -> str:
    """The user of the target file that tests an aspect: the first with fitting permissions; empty if there is none."""
    wanted = HAS_PERMISSIONS.get(aspect or "")
    return next((name for name, permissions in users.items() if bool(permissions) is wanted), "")
