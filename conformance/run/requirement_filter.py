"""Select the requirements that a run tests, by patterns of operations, profiles and requirement ids. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Protocol

from conformance.core.hints import nearest
from conformance.spec.specification import Specification

MAX_SUGGESTIONS: Final = 5  # names that a message shows


class Unmatched(Exception):
    """A pattern matches nothing. The message suggests similar names."""


class Named(Protocol):
    """Anything that belongs to one requirement, and that a pattern can match."""

    @property
    def profile(self) -> str:
        """The group of operations that it belongs to."""

    @property
    def operation(self) -> str:
        """The id of its operation."""


@dataclass(frozen=True, slots=True)
class RequirementFilter:
    """The requirements that match `include` (all of them if it is empty) and do not match `exclude`.

    A pattern is compared with the requirement's id, operation and profile. `*` matches any text and `?` any character.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it excludes anything."""
        return bool(self.include or self.exclude)

    def selects(self, identifier: str, named: Named) -> bool:
        """Whether the requirement with this id is tested."""
        names = (identifier, named.operation, named.profile)
        return (not self.include or _any(self.include, names)) and not _any(self.exclude, names)

    def selects_profiles(self, profiles: Collection[str]) -> bool:
        """Whether a test of these profiles is run, if it cites no requirement."""
        return (not self.include or _any(self.include, profiles)) and not _any(self.exclude, profiles)

    def excludes(self, identifier: str, named: Named) -> bool:
        """Whether a pattern of `exclude` matches the requirement with this id."""
        return _any(self.exclude, (identifier, named.operation, named.profile))

    def check(self, known: Iterable[str], prefix: str = "--") -> None:
        """Check that each pattern matches one of the `known` names. Raises Unmatched."""
        names = list(dict.fromkeys(known))
        for option, patterns in (("include", self.include), ("exclude", self.exclude)):
            for pattern in patterns:
                if not any(_matches(pattern, name) for name in names):
                    what = f"{prefix}{option} {pattern}: matches no operation, profile or requirement"
                    raise Unmatched(f"{what}; {_suggestion(pattern, names)}")


EVERYTHING: Final = RequirementFilter()
"""The filter that excludes nothing."""


def names_of(specifications: Iterable[Specification]) -> Iterator[str]:
    """The names that patterns can match: profiles, operations and requirements of some specifications."""
    for specification in specifications:
        yield from (operation.profile for operation in specification.operations.values())
        yield from specification.operations
        yield from specification.requirements


def _any(patterns: Iterable[str], names: Collection[str]) -> bool:
    return any(_matches(pattern, name) for pattern in patterns for name in names)


def _matches(pattern: str, name: str) -> bool:
    """Whether a pattern matches the whole name. Brackets are literal: ids of requirements contain them."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _suggestion(pattern: str, names: Collection[str]) -> str:
    """The advice for a pattern that matches nothing."""
    plain = pattern.replace("*", "").replace("?", "").lower()
    inside = sorted((name for name in names if plain and plain in name.lower()), key=len)[:MAX_SUGGESTIONS]
    folded = {name.lower(): name for name in names}
    close = inside or [folded[value] for value in nearest(plain, folded)]
    listed = "`conformance operations` and `conformance requirements` list them."
    return f"did you mean {' or '.join(close)}?" if close else listed
