"""Write all schemas anew, after a model was changed: `python -m conformance.schemas`."""

from __future__ import annotations

from conformance.runrecord import write_text
from conformance.schemas import SCHEMAS, path, text

if __name__ == "__main__":
    for name in SCHEMAS:
        write_text(path(name), text(name))
