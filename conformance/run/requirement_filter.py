"""Requirement filter: which requirements a run tests, by patterns of operations, profiles and requirement ids. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from conformance.core.hints import nearest
from conformance.spec.specification import Specification

SOME: Final = 5  # names that a message shows


class Unmatched(Exception):
    """A pattern that matches nothing; the message names what is near."""


class Named(Protocol):
    """What a pattern can name: anything that is about one requirement."""

    @property
    def profile(self) -> str:
        """The group of operations that it belongs to."""

    @property
    def operation(self) -> str:
        """The id of its operation."""


@dataclass(frozen=True, slots=True)
class RequirementFilter:
    """The requirements that match a pattern of `include`, all of them if there is none, but for those of `exclude`.

    A pattern is compared with a requirement's id, its operation and its profile; `*` in it is any text and `?` any
    character.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.include or self.exclude)

    def selects(self, identifier: str, one: Named) -> bool:
        """Whether the requirement with that id is tested."""
        names = (identifier, one.operation, one.profile)
        return (not self.include or _any(self.include, names)) and not _any(self.exclude, names)

    def selects_profiles(self, profiles: Collection[str]) -> bool:
        """Whether a test is run that cites no requirement and says that it is about these profiles."""
        return (not self.include or _any(self.include, profiles)) and not _any(self.exclude, profiles)

    def excludes(self, identifier: str, one: Named) -> bool:
        """Whether a pattern of `exclude` matches the requirement with that id."""
        return _any(self.exclude, (identifier, one.operation, one.profile))

    def check(self, known: Iterable[str], prefix: str = "--") -> None:
        """See that each pattern matches one of the `known` names. Raises Unmatched."""
        names = list(dict.fromkeys(known))
        for option, patterns in (("include", self.include), ("exclude", self.exclude)):
            for pattern in patterns:
                if not any(_matches(pattern, one) for one in names):
                    what = f"{prefix}{option} {pattern}: matches no operation, profile or requirement"
                    raise Unmatched(f"{what}; {_near(pattern, names)}")


EVERYTHING: Final = RequirementFilter()
"""The filter that leaves nothing out."""


def names_of(specifications: Iterable[Specification]) -> Iterator[str]:
    """What patterns can name: the profiles, operations and requirements of some specifications."""
    for one in specifications:
        yield from (operation.profile for operation in one.operations.values())
        yield from one.operations
        yield from one.requirements


def _any(patterns: Iterable[str], names: Collection[str]) -> bool:
    return any(_matches(pattern, name) for pattern in patterns for name in names)


def _matches(pattern: str, name: str) -> bool:
    """Whether the whole name is as the pattern says. Brackets are no sets here: the ids of requirements have them."""
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern), name) is not None


def _near(pattern: str, names: Collection[str]) -> str:
    """What to do about a pattern that matches nothing."""
    plain = pattern.replace("*", "").replace("?", "").lower()
    inside = sorted((one for one in names if plain and plain in one.lower()), key=len)[:SOME]
    folded = {one.lower(): one for one in names}
    close = inside or [folded[one] for one in nearest(plain, folded)]
    listed = "`conformance operations` and `conformance requirements` list them."
    return f"did you mean {' or '.join(close)}?" if close else listed
