"""Embedded references: served on loopback by this process, and described as a target."""

from __future__ import annotations

import copy
import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from conformance import reference
from conformance.reference.serving import Serving
from conformance.target import Safety, reference_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Tables = dict[str, Any]


@contextmanager
def served(systems: Sequence[str], faults: Mapping[str, Sequence[str]], port: int = 0) -> Iterator[Tables]:
    """Serve references of `systems`, each with its faults; yields the data of their target file.

    Ports are consecutive from `port`, and any free ones when it is 0.

    Raises:
        OSError: a port is in use or must not be opened.
    """
    with ExitStack() as stack:
        tables: Tables = {"name": "reference", "settle": 0, "safety": {"level": Safety.DISPOSABLE.value}}
        for system in systems:
            server = reference.build(system, faults.get(system, ()))
            serving = stack.enter_context(Serving(server, port))
            port += len(serving.urls) if port else 0
            tables[system] = server.target(serving.urls)
        yield tables


@contextmanager
def target_file(tables: Tables) -> Iterator[Path]:
    """A temporary target file whose secrets come from environment variables, which are set as long as it exists."""
    described = {key: copy.deepcopy(table) for key, table in tables.items()}
    places = reference_target({key: tables[key] for key in reference.SYSTEMS if key in tables}).placeholders()
    variables: dict[str, str] = {}
    for place, name in places.items():
        node = described
        for part in place[:-1]:
            node = node[part]
        variables[name], node[place[-1]] = node[place[-1]], f"${{{name}}}"
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        with tempfile.TemporaryDirectory(prefix="conformance-") as directory:
            path = Path(directory) / "reference.toml"
            path.write_text(tomli_w.dumps(described), encoding="utf-8")
            yield path
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
