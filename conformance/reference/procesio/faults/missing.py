"""The faults of the PROCESIO reference that take away an operation whose path another operation then takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.answers import withdraw
from conformance.reference.faults import fault

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"

# Each operation with the words for it. Its literal path is one of an identifier for another operation, with the same
# method (the first five) or with another one.
_OPERATIONS: Final = {
    "list_folders": "list-folders",
    "read_node": "read-node",
    "list_types": "list-credential-types",
    "list_primitive_types": "list-primitive",
    "upload_test": "upload-test-credential",
    "rename_folder": "rename-folder",
    "validate_process": "validate-process",
}


def _register(operation: str, words: str) -> None:
    def apply(ref: Procesio) -> None:
        withdraw(ref.web, operation)

    message = f"cannot {operation.replace('_', ' ')}; its path is taken for that of another operation"
    fault(f"pro-{words}-missing", SYSTEM, message)(apply)


for _operation, _words in _OPERATIONS.items():
    _register(_operation, _words)
