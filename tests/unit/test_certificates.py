"""Certificates: a server that asks for one gets it, and each mistake in the files is named in one sentence."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from conformance.target.target import Target, TargetError, parse
from conformance.wire.deadline import Deadline, NoResponse

PASSWORD = "a-long-passphrase"
PM4: dict[str, Any] = {"url": "https://h", "access_token": "t", "process_id": 7}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Path:
    """ca.pem, client.pem and client.key, locked.key with a password, other.key, both.pem, plain.txt."""
    client, other = authority.issue_cert("client.example"), authority.issue_cert("other.example")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client.cert_chain_pems[0].write_to_path(str(tmp_path / "client.pem"))
    client.private_key_pem.write_to_path(str(tmp_path / "client.key"))
    client.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    other.private_key_pem.write_to_path(str(tmp_path / "other.key"))
    key = load_pem_private_key(client.private_key_pem.bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode()))
    (tmp_path / "locked.key").write_bytes(locked)
    (tmp_path / "plain.txt").write_text("no certificate\n")
    return tmp_path


def read(files: Path, **network: Any) -> Target:
    return parse({"name": "t", "processmaker4": PM4, "network": network}, base=files, env={}, source="t.toml")


@contextmanager
def serving(authority: trustme.CA, *, newest: bool = True, silent: bool = False) -> Iterator[str]:
    """A server that asks for a client certificate; a silent one closes instead of saying why it refuses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL if silent else ssl.CERT_REQUIRED
    if not newest:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            with suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
                if silent and secured.getpeercert() is None:
                    return
                secured.recv(65_536)
                secured.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join(5)


def get(url: str, target: Target) -> bytes:
    deadline = Deadline(
        seconds=5, secured=target.network.context, shows_certificate=target.network.client_cert is not None
    )
    try:
        return deadline.handle_request(httpx.Request("GET", url)).content
    finally:
        deadline.close()


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize(
    "shown",
    [
        {"client_cert": "client.pem", "client_key": "client.key"},
        {"client_cert": "both.pem"},
        {"client_cert": "client.pem", "client_key": "locked.key", "client_key_password": PASSWORD},
    ],
)
def test_server_that_requests_a_certificate_gets_it(
    authority: trustme.CA, files: Path, shown: dict[str, str], newest: bool
) -> None:
    with serving(authority, newest=newest) as url:
        assert get(url, read(files, ca_file="ca.pem", **shown)) == b"ok"


def test_the_password_may_be_in_a_file_and_is_a_secret(files: Path) -> None:
    (files / "password").write_text(f"{PASSWORD}\n")
    target = read(files, client_cert="client.pem", client_key="locked.key", client_key_password_file="password")
    assert target.secrets()["NETWORK_CLIENT_KEY_PASSWORD"] == PASSWORD
    assert PASSWORD not in repr(target)


@pytest.mark.parametrize(
    ("newest", "silent", "told"),
    [
        (True, False, r"it ends the TLS handshake \(certificate required\); it wants a client certificate: set"),
        (False, False, r"it ends the TLS handshake \(handshake failure\); it may want a client certificate: set"),
        (True, True, r"right after the TLS handshake; it may want a client certificate: set \[network\]"),
    ],
)
def test_missing_certificate_is_distinguished_from_an_unreachable_server(
    authority: trustme.CA, files: Path, newest: bool, silent: bool, told: str
) -> None:
    with serving(authority, newest=newest, silent=silent) as url, pytest.raises(NoResponse, match=told) as failed:
        get(url, read(files, ca_file="ca.pem"))
    assert not str(failed.value).endswith(".")
    assert ".." not in str(failed.value)


def test_untrusted_certificate_is_named(authority: trustme.CA, files: Path) -> None:
    trustme.CA().issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(str(files / "foreign.pem"))
    with serving(authority) as url, pytest.raises(NoResponse, match="refuses the client certificate of"):
        get(url, read(files, ca_file="ca.pem", client_cert="foreign.pem"))


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ({"ca_file": "plain.txt"}, r"network.ca_file: .*plain.txt contains no certificate in PEM format"),
        ({"client_cert": "absent.pem"}, "network.client_cert: no such file"),
        ({"client_cert": "plain.txt"}, "network.client_cert: .*plain.txt contains no certificate in PEM format"),
        ({"client_cert": "client.key"}, "network.client_cert: .*client.key contains no certificate in PEM format"),
        ({"client_cert": "client.pem"}, "network.client_key: .*client.pem contains no private key in PEM format"),
        (
            {"client_cert": "client.pem", "client_key": "plain.txt"},
            "network.client_key: .*plain.txt contains no",
        ),
        (
            {"client_cert": "client.pem", "client_key": "other.key"},
            "network.client_key: the key of .*other.key does not belong",
        ),
        (
            {"client_cert": "client.pem", "client_key": "locked.key"},
            "network.client_key_password: the key in .* is encrypted",
        ),
        (
            {"client_cert": "client.pem", "client_key": "locked.key", "client_key_password": "wrong-one"},
            "network.client_key_password: is not the password of the key in .*locked.key",
        ),
        ({"client_key": "client.key"}, "network: has a key but no client_cert"),
    ],
)
def test_unusable_file_is_rejected_with_the_target_file(files: Path, network: dict[str, str], told: str) -> None:
    with pytest.raises(TargetError) as refused:
        read(files, **network)
    assert re.match(f"t.toml: {told}", str(refused.value)), refused.value
    assert "wrong-one" not in str(refused.value)
    assert str(refused.value).endswith(".")
    assert not str(refused.value).endswith("..")
