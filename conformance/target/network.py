"""Network: how to reach a target, the table `[network]` of its file."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field, SecretStr, model_validator

from conformance.spec.touched_ids import HOP_BY_HOP, OVERRIDES, UNREADABLE
from conformance.target import certificates
from conformance.target.proxies import is_proxy_url
from conformance.target.tables import (
    HeaderSecret,
    Secret,
    Table,
    header_names,
)

OURS: Final = ("accept", "accept-encoding", "authorization", "content-length", "content-type", "expect")


def _checked_proxy(secret: SecretStr) -> SecretStr:
    if not is_proxy_url(secret.get_secret_value()):
        raise ValueError("is not an http or https URL with a host; write it like http://proxy:3128")
    return secret


def _sendable(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name in header_names(headers):
        if name.lower() == "host":
            raise ValueError(
                f"has {name}, which is always the host of the URL; write the name in the URL, and use /etc/hosts"
                " or a proxy if it does not lead to the server"
            )
        if name.lower() in (*OURS, *HOP_BY_HOP, *OVERRIDES, *UNREADABLE):
            raise ValueError(f"has {name}, which the suite or the connection sets itself; remove it")
    return headers


class Network(Table):
    """How to reach the target. Credentials in a proxy's URL, and header values, count as secrets."""

    other_names: ClassVar[Mapping[str, str]] = {
        "cert": "client_cert",
        "cert_file": "client_cert",
        "client_cert_file": "client_cert",
        "key": "client_key",
        "key_file": "client_key",
        "client_key_file": "client_key",
        "password": "client_key_password",
        "key_password": "client_key_password",
        "proxies": "proxy",
        "http_proxy": "proxy",
        "https_proxy": "proxy",
        "no_proxy": "NO_PROXY, an environment variable",
        "ca": "ca_file",
        "ca_cert": "ca_file",
    }

    proxy: Annotated[SecretStr, AfterValidator(_checked_proxy)] | None = None
    """The HTTP proxy; by default the proxy in the environment."""
    ca_file: Path | None = None
    """Certificates to trust, in PEM."""
    client_cert: Path | None = None
    """The client certificate, for a server that requires one, in PEM."""
    client_key: Path | None = None
    """Its private key, in PEM; required unless the certificate's file contains it."""
    client_key_password: Secret | None = None
    """The password of that key, if it is encrypted."""
    verify: bool = True
    """Whether certificates are verified; every report shows it if they are not."""
    headers: Annotated[dict[str, HeaderSecret], AfterValidator(_sendable)] = Field(default={})
    """Header fields to send with every request."""

    @model_validator(mode="after")
    def _whole_certificate(self) -> Network:
        if self.client_cert is None and (self.client_key is not None or self.client_key_password is not None):
            raise ValueError("has a key but no client_cert; add the certificate of the key")
        return self

    @property
    def is_secured(self) -> bool:
        """Whether certificates are configured."""
        return self.ca_file is not None or self.client_cert is not None

    def shown(self, password: str) -> dict[str, str]:
        """The options of curl for certificates, each with a variable; `password` is the placeholder of the password."""
        return {
            **({"--cacert": "CA_FILE"} if self.ca_file else {}),
            **({"--cert": "CLIENT_CERT"} if self.client_cert else {}),
            **({"--key": "CLIENT_KEY"} if self.client_key else {}),
            **({"--pass": password} if self.client_key_password else {}),
        }

    @property
    def files(self) -> dict[str, str]:
        """The paths of the named files, by the variables of `shown`."""
        named = {"CA_FILE": self.ca_file, "CLIENT_CERT": self.client_cert, "CLIENT_KEY": self.client_key}
        return {name: str(path.absolute()) for name, path in named.items() if path is not None}

    def context(self) -> ssl.SSLContext:
        """The TLS context of connections. Raises UnusableCertificate."""
        password = self.client_key_password
        return certificates.context(
            verify=self.verify,
            ca_file=self.ca_file,
            cert=self.client_cert,
            key=self.client_key,
            password=password.get_secret_value() if password else "",
        )
