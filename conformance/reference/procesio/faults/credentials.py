"""The faults of the PROCESIO reference in its credentials and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault
from conformance.reference.procesio.credentials import REST
from conformance.reference.procesio.faults.common import Life, open_to_all

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio
    from conformance.reference.procesio.shelf import Thing

SYSTEM: Final = "procesio"

open_to_all(
    {
        "list_types": "list-credential-types",
        "create_type": "create-credential-type",
        "read_type": "read-credential-type",
        "test_credential": "test-credential",
        "list_credentials": "list-credentials",
        "create_credential": "create-credential",
        "update_credential": "modify-credential",
        "list_of_template": "list-template-credentials",
        "read_credential": "read-credential",
        "delete_credential": "delete-credential",
        "list_verbs": "list-template-verbs",
        "upload_credential": "upload-credential",
        "upload_test": "upload-test-credential",
    }
)

Life(
    "credential",
    create="create_credential",
    read="read_credential",
    list="list_credentials",
    update="update_credential",
    delete="delete_credential",
).register()


@fault("pro-credential-types-without-known", SYSTEM, "lists only the credential types that were created")
def credential_types_without_known(ref: Procesio) -> None:
    """Leave out the types that were there from the start."""
    ref.operations["list_types"] = lambda: list(ref.credentials.added.values())


@fault("pro-create-type-not-listed", SYSTEM, "leaves new types of credentials out of the list")
def create_type_not_listed(ref: Procesio) -> None:
    """List only the types that were there from the start."""
    ref.operations["list_types"] = lambda: list(ref.credentials.types.values())


@fault("pro-create-type-unreadable", SYSTEM, "lists new types of credentials, but cannot read them")
def create_type_unreadable(ref: Procesio) -> None:
    """Read only the types that were there from the start."""
    ref.operations["read_type"] = ref.credentials.types.find


@fault("pro-credential-types-without-fields", SYSTEM, "lists the types of credentials without their fields")
def credential_types_without_fields(ref: Procesio) -> None:
    """Leave the fields out of the list."""
    types = ref.operations["list_types"]
    ref.operations["list_types"] = lambda: [{**kind, "fields": []} for kind in types()]


@fault("pro-credential-type-fields-of-other", SYSTEM, "returns the fields of a REST API for every type of credentials")
def credential_type_fields_of_other(ref: Procesio) -> None:
    """Read the fields of one type for all."""
    read = ref.operations["read_type"]
    ref.operations["read_type"] = lambda type_id: {**read(type_id), "fields": REST["fields"]}


@fault("pro-test-credential-stores", SYSTEM, "stores the credentials that it should only test")
def test_credential_stores(ref: Procesio) -> None:
    """Change the credentials that the body names."""
    test = ref.operations["test_credential"]

    def store(body: Thing) -> Any:
        if body.get("id") in ref.credentials.credentials:
            ref.credentials.credentials.change(body)
        return test(body)

    ref.operations["test_credential"] = store
