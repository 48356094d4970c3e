"""Keys: the service of the PROCESIO reference server that keeps the API keys of the workspace."""

from __future__ import annotations

import secrets
from typing import Final

from conformance.reference.procesio.shelf import Shelf, Thing

API_KEY: Final = ("reference", "reference-procesio-key-value")
_FIRST: Final = {"id": "d2c94c1b-0e57-49f8-b9a6-6c3f7e5a1d08", "name": API_KEY[0], "value": API_KEY[1]}


class Keys:
    """The API keys of the workspace; its public methods but `accepts` are the operations.

    They raise HTTPException where they refuse: 400 for a key without a name, 404 for what is not there.
    """

    routes = (
        ("GET", "/api/ApiKey", "list_keys"),
        ("POST", "/api/ApiKey", "create_key"),
        ("DELETE", "/api/ApiKey", "delete_named_key"),
        ("DELETE", "/api/ApiKey/{id}", "delete_key"),
    )
    with_body = frozenset({"create_key", "delete_named_key"})
    public: frozenset[str] = frozenset()
    stores = ("keys",)

    def __init__(self) -> None:
        self.keys = Shelf("API key", [_FIRST])

    def accepts(self, name: str, value: str) -> bool:
        """Whether there is a key of this name and value."""
        return any((key["name"], key["value"]) == (name, value) for key in self.keys.values())

    def list_keys(self) -> list[Thing]:
        """The keys without their values, oldest first."""
        return [{"id": key["id"], "name": key["name"]} for key in self.keys.values()]

    def create_key(self, body: Thing) -> Thing:
        """Create a key; only this response contains its value."""
        return self.keys.add({"name": body.get("name"), "value": secrets.token_urlsafe(24)})

    def delete_named_key(self, body: Thing) -> dict[str, str]:
        """Remove the key that the body names by `id`."""
        return self.keys.remove(self.keys.named(body)["id"])

    def delete_key(self, key_id: str) -> dict[str, str]:
        """Remove a key."""
        return self.keys.remove(key_id)
