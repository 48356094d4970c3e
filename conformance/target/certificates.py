"""Verify a target's certificate, and load the client certificate."""

from __future__ import annotations

import ssl
from pathlib import Path


class UnusableCertificate(ValueError):
    """A file of `[network]` cannot be used. `key` names it; the message says what is allowed."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def context(
    *, verify: bool, ca_file: Path | None, cert: Path | None, key: Path | None, password: str
) -> ssl.SSLContext:
    """The TLS context of connections. Raises UnusableCertificate."""
    import httpx  # a target file without certificates does not need it

    secured: ssl.SSLContext = httpx.create_ssl_context(verify=verify and ca_file is None)
    if ca_file is not None:
        try:
            secured.load_verify_locations(cafile=ca_file)
        except ssl.SSLError:
            raise UnusableCertificate(
                "ca_file", f"{ca_file} contains no certificate in PEM format; {_pem('ca.pem')}"
            ) from None
        except OSError as error:
            raise UnusableCertificate("ca_file", _unreadable(ca_file, error)) from None
        if verify:
            secured.check_hostname, secured.verify_mode = True, ssl.CERT_REQUIRED
    if cert is not None:
        _show(secured, cert, key, password)
    return secured


def _show(secured: ssl.SSLContext, cert: Path, key: Path | None, password: str) -> None:
    """Load the client's certificate and key. Without a password, OpenSSL would prompt for one."""
    asked: list[bool] = []

    def answer() -> str:
        asked.append(True)
        return password

    for name, path in (("client_cert", cert), *([("client_key", key)] if key else [])):
        try:
            text = path.read_bytes()
        except OSError as error:
            raise UnusableCertificate(name, _unreadable(path, error)) from None
        if name == "client_cert" and not _holds_certificate(path):
            raise UnusableCertificate(name, f"{path} contains no certificate in PEM format; {_pem('client.pem')}")
        if (name == "client_key" or key is None) and b"PRIVATE KEY-----" not in text:
            message = f"{path} contains no private key in PEM format"
            raise UnusableCertificate("client_key", f"{message}; {_pem('client.key')}, or name one with client_key")
    place = "client_key" if key else "client_cert"
    try:
        secured.load_cert_chain(cert, key, answer)
    except (ssl.SSLError, OSError, ValueError) as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            message = f"the key of {key or cert} does not belong to the certificate in {cert}; choose the key that does"
            raise UnusableCertificate(place, message) from None
        if asked and not password:
            message = f"the key in {key or cert} is encrypted; add its password as client_key_password"
            raise UnusableCertificate("client_key_password", message) from None
        if asked:
            message = f"is not the password of the key in {key or cert}; correct it"
            raise UnusableCertificate("client_key_password", message) from None
        message = (
            f"the certificate and key in {cert}{f' and {key}' if key else ''} cannot be used; {_pem('client.pem')}"
        )
        raise UnusableCertificate(place, message) from None


def _holds_certificate(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError):
        return False
    return True


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path} cannot be read ({error.strerror}); allow reading it"


def _pem(name: str) -> str:
    return f'write it like "{name}", a file that begins with -----BEGIN …'
