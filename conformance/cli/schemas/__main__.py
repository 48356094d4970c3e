"""Write all schemas after a change of a model: `python -m conformance.cli.schemas`."""

from __future__ import annotations

from conformance.cli.schemas import SCHEMAS, path, text
from conformance.core.atomic_write import write_text

if __name__ == "__main__":
    for name in SCHEMAS:
        write_text(path(name), text(name))
