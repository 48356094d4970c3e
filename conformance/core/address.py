"""Address: the checked URL of a server, and the part of a request's path below it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote_to_bytes, urlsplit

EXAMPLE: Final = "write it like http://host:8080"
LONGEST_HOST: Final = 253  # of the domain name system, as is the length of a label
SEGMENT: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+")
LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
NUMBER: Final = re.compile(r"\d+|0[xX][0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class Address:
    """The scheme, host and port of a URL, and the path that precedes all paths of the server (empty for none)."""

    origin: str
    path: bytes

    @classmethod
    def of(cls, url: str) -> Self:
        """The address of a checked URL, with origin and path in the form in which the HTTP library sends them."""
        import httpx  # a target file is read without it

        parsed = httpx.URL(url)
        return cls(f"{parsed.scheme}://{parsed.netloc.decode('ascii')}", parsed.raw_path.rstrip(b"/"))

    def below(self, raw_path: bytes) -> bytes | None:
        """The part of a request's path below this address, with its slash; None if the path is elsewhere."""
        if raw_path == self.path:
            return b"/"
        return raw_path[len(self.path) :] if raw_path.startswith(self.path + b"/") else None


def checked_url(text: str) -> str:
    """A valid URL for requests, without a slash at its end.

    Raises:
        ValueError: it is not valid, or contains what does not belong there; the message says what is allowed.
    """
    if not text:
        raise ValueError(f"is empty; {EXAMPLE}")
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise ValueError(f"is not an http or https URL with a host; {EXAMPLE}")  # not repeated: it may be a secret
    if "@" in parts.netloc:  # what precedes it may be a password
        raise ValueError("contains a user name or password; write them under their own keys")
    if "?" in text or "#" in text:
        raise ValueError("contains a query or fragment; remove it")
    check_host(parts.hostname or "", text)
    _check_path(parts.path, text)
    return (parts.scheme + text[len(parts.scheme) :]).removesuffix("/")


def is_loopback(host: str) -> bool:
    """Whether a host name or address always means the machine itself."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def check_host(host: str, text: str) -> None:
    """Check the host of a URL, which is `text`. Raises ValueError if it is no host name or IP address."""
    if ":" in host:  # urlsplit has checked the brackets
        _check_ip(host, text)
        return
    name = _ascii(host, text).removesuffix(".")
    labels = name.split(".")
    if NUMBER.fullmatch(labels[-1]):
        _check_ip(name, text)
    elif len(name) > LONGEST_HOST or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError(
            f"{_shown(text)} has the host {_shown(host)}, which is not a host name; {EXAMPLE}, with labels of up to 63"
            " letters, digits and hyphens between single dots"
        )


def _check_ip(host: str, text: str) -> None:
    try:
        ipaddress.ip_address(host)
        fits = "%" not in host  # the HTTP library does not support zones
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{_shown(text)} has the host {host!r}, which is not an IP address; write it like http://127.0.0.1"
        )


def _ascii(host: str, text: str) -> str:
    """A host name in ASCII; other characters are encoded by IDNA."""
    if host.isascii() and not re.search(r"(^|\.)xn--", host):
        return host
    import httpx

    try:
        return httpx.URL(scheme="http", host=host).raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise ValueError(
            f"{_shown(text)} has the host {host!r}, which is not an internationalised name; {EXAMPLE}"
        ) from None


def _check_path(path: str, text: str) -> None:
    segments = path.removesuffix("/").split("/")[1:]
    for segment in segments:
        plain = unquote_to_bytes(segment)
        if segment in (".", "..") or plain in (b".", b"..", b""):
            raise ValueError(f"{_shown(text)} has a path with '.', '..' or an empty segment; remove them")
        if not SEGMENT.fullmatch(segment) or not _plain(plain):
            raise ValueError(
                f"{_shown(text)} has {_shown(segment)} in its path; write letters, digits, - . _ ~, and all else"
                " percent-encoded as UTF-8, without slashes and control characters"
            )


def _plain(segment: bytes) -> bool:
    """Whether every server parses a decoded segment in the same way."""
    try:
        text = segment.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.isprintable() and not set(text) & set("/\\%;?#")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
