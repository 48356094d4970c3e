"""Certificates that a careful client does not take, and one that it does."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import trustme

from .server import HOST

EXPIRED: Final = datetime(2020, 1, 1, tzinfo=UTC)


def _trusted(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(HOST)


def _self_signed(_: trustme.CA) -> trustme.LeafCert:
    return trustme.CA().issue_cert(HOST)


def _expired(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(HOST, not_after=EXPIRED)


def _of_another_host(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("pm.example.com")


CERTIFICATES: Final[dict[str, Callable[[trustme.CA], trustme.LeafCert]]] = {
    "trusted": _trusted,
    "self-signed": _self_signed,
    "expired": _expired,
    "of another host": _of_another_host,
}


def secured(certificate: str, directory: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server needs to speak TLS with a certificate of that name, and the file of the authority to trust."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATES[certificate](authority).configure_cert(context)
    file = directory / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return context, file
