"""Credentials: the service of the PROCESIO reference server that keeps credentials, and their types."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from conformance.reference.forms import Uploads, one_file
from conformance.reference.procesio.shelf import Shelf, Thing

REST: Final = {
    "id": "4f0d7a36-2f6e-4b1c-a7c8-90d35e1b2a41",
    "name": "REST API",
    "fields": [{"name": "URL", "type": "text"}, {"name": "Authentication type", "type": "text"}],
    "verbs": ["GET", "POST", "PUT", "PATCH", "DELETE"],
}
EMAIL: Final = {
    "id": "c6a5e0b9-77d4-4d55-8a4e-3b1f2d9c8e52",
    "name": "Email Server",
    "fields": [{"name": "Host", "type": "text"}, {"name": "Port", "type": "integer"}],
    "verbs": ["SEND"],
}


class Credentials:
    """The credentials of a workspace and what they can be for; its public methods are the operations.

    They raise HTTPException where they refuse: 400 for what cannot be stored, 404 for what is not there. No operation
    removes a type that was added (`added`), nor what an uploaded file is tested with (`tested`, a number).
    """

    routes = (
        ("GET", "/api/Credentials/types", "list_types"),
        ("POST", "/api/Credentials/types", "create_type"),
        ("GET", "/api/Credentials/types/{id}", "read_type"),
        ("POST", "/api/Credentials/test", "test_credential"),
        ("GET", "/api/Credentials", "list_credentials"),
        ("POST", "/api/Credentials", "create_credential"),
        ("PUT", "/api/Credentials", "update_credential"),
        ("GET", "/api/Credentials/list/{templateId}", "list_of_template"),
        ("GET", "/api/Credentials/verbs/{templateId}", "list_verbs"),
        ("POST", "/api/Credentials/upload/test", "upload_test"),
        ("POST", "/api/Credentials/upload/{credentialsId}", "upload_credential"),
        ("GET", "/api/Credentials/{id}", "read_credential"),
        ("DELETE", "/api/Credentials/{id}", "delete_credential"),
    )
    with_body = frozenset({"create_type", "test_credential", "create_credential", "update_credential"})
    with_files = frozenset({"upload_test", "upload_credential"})
    public: frozenset[str] = frozenset()
    stores = ("credentials",)

    def __init__(self) -> None:
        self.credentials = Shelf("credential")
        self.types = Shelf("credential type", [REST, EMAIL])
        self.added = Shelf("credential type")
        self.tested = 0

    def list_types(self) -> list[Thing]:
        """All types with their fields."""
        return [*self.types.values(), *self.added.values()]

    def create_type(self, body: Thing) -> Thing:
        """Add a type."""
        return self.added.add(body, fields=[], verbs=[])

    def read_type(self, type_id: str) -> Thing:
        """A type with its fields."""
        return self.added.get(type_id) or self.types.find(type_id)

    def list_credentials(self) -> list[Thing]:
        """All credentials, oldest first."""
        return list(self.credentials.values())

    def create_credential(self, body: Thing) -> Thing:
        """Store new credentials, for a REST API unless the body names another template."""
        return self.credentials.add(body, templateId=REST["id"], description="")

    def update_credential(self, body: Thing) -> Thing:
        """Change the credentials that the body names by `id`."""
        return self.credentials.change(body)

    def read_credential(self, credential_id: str) -> Thing:
        """The details of credentials."""
        return self.credentials.find(credential_id)

    def delete_credential(self, credential_id: str) -> dict[str, str]:
        """Remove credentials."""
        return self.credentials.remove(credential_id)

    def test_credential(self, body: Thing) -> dict[str, Any]:
        """Whether the body describes credentials that could be used."""
        problems = [] if body.get("name") else ["A credential needs a name."]
        return {"isValid": not problems, "errors": problems}

    def list_of_template(self, template_id: str) -> list[Thing]:
        """The credentials of a template."""
        template = self.read_type(template_id)
        return [credential for credential in self.credentials.values() if credential["templateId"] == template["id"]]

    def list_verbs(self, template_id: str) -> list[str]:
        """What can be done with credentials of a template."""
        verbs: list[str] = self.read_type(template_id)["verbs"]
        return verbs

    def upload_credential(self, credential_id: str, files: Uploads) -> Thing:
        """Keep a file with credentials."""
        credential = self.credentials.find(credential_id)
        credential["file"], _ = one_file(files)
        return credential

    def upload_test(self, files: Uploads) -> dict[str, Any]:
        """Try a file, and tell under which number that is kept."""
        name, _ = one_file(files)
        self.tested += 1
        return {"id": str(uuid4()), "file": name, "isValid": True}
