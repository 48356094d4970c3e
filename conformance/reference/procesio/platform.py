"""Platform: the services Status and Version of the PROCESIO reference server; reading them needs no credentials."""

from __future__ import annotations

from typing import Final

VERSION: Final = "1.0.0"


class Platform:
    """The platform's own status and version. Sending a version changes nothing."""

    routes = (
        ("GET", "/api/Status", "read_platform_status"),
        ("GET", "/gui/Version", "read_version"),
        ("POST", "/gui/Version", "send_version"),
    )
    with_body: frozenset[str] = frozenset()
    public = frozenset({"read_platform_status", "read_version"})
    stores: tuple[str, ...] = ()

    def read_platform_status(self) -> dict[str, str]:
        """That the platform is well."""
        return {"status": "Healthy"}

    def read_version(self) -> dict[str, str]:
        """The version."""
        return {"version": VERSION}

    def send_version(self) -> dict[str, str]:
        """The version, whatever is sent."""
        return self.read_version()
