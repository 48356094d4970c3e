"""The guard and paths: one that a server may read as another one is refused, also below the path of a URL."""

from __future__ import annotations

import httpx
import pytest

from conformance.target.target import Safety
from conformance.wire.guard import Policy, RequestRefused
from tests.unit.guarded import FOREIGN, HOST, OWNED, PM3, PRO, judge, policy, refused

# -- other spellings of a path -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        f"/x/%2e%2e/{FOREIGN}", f"/{OWNED}/../{FOREIGN}", f"/{OWNED}%2F..%2F{FOREIGN}", f"//{FOREIGN}", f"/{FOREIGN}/",
        f"/{FOREIGN}.", f"/{FOREIGN}%20", f"/{FOREIGN};x=1", f"/{FOREIGN}%00", f"/{FOREIGN}%23", f"/./{FOREIGN}",
        f"/{FOREIGN}%3Fx", f"/{FOREIGN}%5C", f"/%252e%252e/project/{FOREIGN}", f"/{OWNED}%252F..%252F{FOREIGN}",
        f"/{OWNED}%5C..%5C{FOREIGN}", f"/%66{'f' * 31}", f"/{OWNED};/../{FOREIGN}", "/%C0%AE%C0%AE/x",
    ],
)  # fmt: skip
def test_odd_spelling_is_refused(path: str) -> None:
    request = httpx.Request("DELETE", PM3, extensions={"target": httpx.URL(PM3).raw_path + path.encode()})
    with pytest.raises(RequestRefused):
        policy().judge(request)


@pytest.mark.parametrize("path", ["/API/1.0/workflow/Project/", "/api/1.0/workflow/PROJECT/"])
def test_odd_case_is_refused(path: str) -> None:
    refused("DELETE", f"{HOST}{path}{FOREIGN}")
    refused("DELETE", f"{HOST}{path}{OWNED}")


@pytest.mark.parametrize("target", [b"http://other/x", b"*", b"", b"api/1.0", b"other:80"])
def test_request_target_that_is_not_a_path_is_refused(target: bytes) -> None:
    refused("GET", PM3, extensions={"target": target})


def test_request_target_is_checked_instead_of_the_url() -> None:
    target = httpx.URL(f"{PM3}/{FOREIGN}").raw_path
    refused("DELETE", f"{PM3}/{OWNED}", extensions={"target": target})


@pytest.mark.parametrize("path", ["{}/../plugin", "{}/%2e%2e/plugin", "plugin;{}", "{}/..;/plugin"])
def test_made_up_segment_does_not_allow_an_odd_path(path: str) -> None:
    by = policy()
    refused("POST", f"{HOST}/api/1.0/workflow/" + path.format(by.ledger.made_up(12)), by=by, json={})


def test_literal_path_is_not_an_odd_spelling_of_a_parametrized_one() -> None:
    by = policy("procesio", safety=Safety.DISPOSABLE)
    files = {"file": ("a.txt", b"")}
    assert judge("POST", f"{HOST}/api/Credentials/upload/test", by=by, files=files) == "administer"
    for path in ("/api/credentials/upload/test", f"/api/Credentials/Upload/{OWNED}"):
        refused("POST", HOST + path, by=by, files=files)


@pytest.mark.parametrize(
    "path",
    [
        f"/api/projects/{FOREIGN}/instances/publish", f"/api/Projects/{FOREIGN}/instances/Publish",
        f"/api/Projects/{FOREIGN}/instances/publish/", f"/api/Projects/{FOREIGN}//instances/publish",
        f"/api/Projects/instances/{FOREIGN}/launch;a", f"/x/../api/Projects/instances/{FOREIGN}/launch",
    ],
)  # fmt: skip
def test_other_spellings_of_publish_and_launch_are_not_reads(path: str) -> None:
    request = httpx.Request("GET", PRO, extensions={"target": path.encode()})
    with pytest.raises(RequestRefused):
        policy("procesio").judge(request)


# -- a URL with a path ------------------------------------------------------------------------------------------------

BELOW = f"{HOST}/apps/pm"


def judgement_below(*urls: str, system: str = "processmaker3") -> Policy:
    by = policy(system)
    by.urls = frozenset(urls or (BELOW,))
    return by


def test_url_path_is_removed_before_a_request_is_checked() -> None:
    by = judgement_below()
    assert judge("GET", f"{BELOW}/api/1.0/workflow/project/{FOREIGN}", by=by) == "read"
    assert judge("PUT", f"{BELOW}/api/1.0/workflow/project/{OWNED}", by=by, json={}) == "update"
    assert judge("POST", f"{BELOW}/workflow/oauth2/token", by=by, data={"grant_type": "password"}) == "administer"
    assert judge("POST", f"{BELOW}/api/1.0/workflow/{by.ledger.made_up(12)}", by=by) == "none"
    refused("DELETE", f"{BELOW}/api/1.0/workflow/project/{FOREIGN}", by=by)
    refused("DELETE", f"{BELOW}/API/1.0/workflow/project/{FOREIGN}", by=by)
    refused("POST", f"{BELOW}/something", by=by)


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/api/1.0/workflow/project",
        b"/apps/pmx/api/1.0/workflow/project",
        b"/apps",
        b"/apps/pm/../other",
        b"/apps/pm/%2e%2e/other",
        b"/apps/pm/%252e%252e/other",
        b"/apps/pm/a/..%5c..%5c..%5cother",
        b"/apps/PM/api/1.0/workflow/project",
    ],
)
def test_requests_outside_the_url_path_are_refused(target: bytes) -> None:
    refused("GET", BELOW, by=judgement_below(), extensions={"target": target})


def test_request_below_two_urls_is_checked_below_both() -> None:
    web, proxy = HOST, f"{HOST}/api"
    by = judgement_below(web, proxy, system="procesio")
    assert judge("POST", f"{proxy}/api/Authentication", "procesio", by=by) == "administer"
    assert judge("PATCH", f"{PRO}/{OWNED}/toggle-activation", "procesio", by=by) == "update"
    refused("PATCH", f"{PRO}/{FOREIGN}/toggle-activation", "procesio", by=by)
    refused("PATCH", f"{proxy}/api/Projects/{FOREIGN}/toggle-activation", "procesio", by=by)


def test_token_url_is_compared_as_a_url_not_as_text() -> None:
    by = judgement_below()
    by.token_url = "http://Other:80/token"
    assert judge("POST", "http://other/token", by=by) == "administer"
    refused("POST", "http://other/tokens", by=by)
