"""httpx alone: `python -m benchmarks.peers.bare REQUESTS SERVER` sends recorded requests over one client.

REQUESTS is what `write_requests` wrote, SERVER the directory of a server. Nothing is checked and nothing is waited for.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import httpx


def main(recorded: Path, server: Path) -> None:
    """Send each request once, in their order."""
    table = next(one for one in tomllib.loads((server / "target.toml").read_text()).values() if isinstance(one, dict))
    urls = [value for value in table.values() if isinstance(value, str) and value.startswith("http://")]
    headers = json.loads((server / "headers.json").read_text())
    requests = json.loads(recorded.read_text())
    ports = sorted({one["port"] for one in requests})
    at = dict(zip(ports, sorted(urls, key=lambda url: httpx.URL(url).port or 0), strict=False))
    with httpx.Client(trust_env=False, headers=headers) as client:
        for one in requests:
            body = one["body"].encode() or None
            client.request(
                one["method"], at[one["port"]].rstrip("/") + one["path"], content=body, headers=one["headers"]
            )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
