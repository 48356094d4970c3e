"""Read a spec or a register from YAML; a user's file with limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from conformance.core import input_files
from conformance.spec.openapi import SpecificationError

DEEPEST: Final = 100
LARGEST: Final = 1_000_000  # nodes


def data(text: bytes, path: Path) -> Any:
    """The data of a YAML text; `path` names it in errors. Raises SpecificationError if it is not a mapping in YAML."""
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SpecificationError(f"{path}: is not YAML ({error.problem}{line})") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise SpecificationError(f"{path}: is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(found, dict):
        raise SpecificationError(f"{path}: is not a mapping; see docs/spec-format.md")
    return found


def bounded(path: Path) -> dict[str, Any]:
    """The data of a user's YAML file, limited in size and depth. Raises SpecificationError."""
    try:
        text = input_files.text(path)
    except OSError as error:
        raise SpecificationError(f"{path}: cannot be read ({error.strerror})") from None
    except input_files.Unreadable as error:
        raise SpecificationError(f"{path}: {error}") from None
    found: dict[str, Any] = data(text.encode(), path)
    if _size(found, {}, 0) > LARGEST:
        raise SpecificationError(
            f"{path}: is nested more than {DEEPEST} levels deep, or its aliases make more than {LARGEST:,} nodes"
        )
    return found


def _size(node: Any, known: dict[int, int], depth: int) -> int:
    """The number of nodes when each alias is expanded; more than the limit if it is too deep."""
    if not isinstance(node, dict | list):
        return 1
    if depth > DEEPEST:
        return LARGEST + 1
    if id(node) not in known:
        known[id(node)] = LARGEST + 1  # while it is counted: a node that contains itself has no end
        members = node.values() if isinstance(node, dict) else node
        known[id(node)] = 1 + sum(_size(member, known, depth + 1) for member in members)
    return known[id(node)]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without dates: a version or a date in a spec stays a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
