from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import pytest
from starlette.responses import JSONResponse

from conformance.reference import SYSTEMS, Reference, UnknownFault, UnknownSystem, build, known_faults
from conformance.reference.faults import edit_json, edit_status, fault, response_fault
from conformance.reference.serving import PortUnavailable, Serving, listen, target, target_toml

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Twin(Reference):
    """A system with two apps, each of which says which one it is."""

    system: ClassVar[str] = "twin"

    def start(self) -> dict[str, ASGIApp]:
        return {"proxy_url": self._says("proxy"), "web_url": self._says("web")}

    def _says(self, name: str) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await JSONResponse({"name": name})(scope, receive, send)

        return app

    def target(self, urls: dict[str, str]) -> dict[str, Any]:
        return {**urls, "odd key": 'quote " and ü', "list": [1, "a"], "flag": True, "payload": {}, "a": {"b": {"c": 1}}}

    def snapshot(self) -> dict[str, Any]:
        return {}

    def residue(self) -> dict[str, int]:
        return {}


def free_ports(count: int) -> int:
    """The first of `count` consecutive ports that were free a moment ago."""
    for port in range(20000, 60000, 97):
        held = []
        try:
            held = [listen(port + step) for step in range(count)]
        except PortUnavailable:
            continue
        finally:
            for item in held:
                item.close()
        if len(held) == count:
            return port
    raise AssertionError("no free ports")


def test_every_app_is_served_at_its_own_address() -> None:
    with Serving([Twin(), build("processmaker3")]) as serving:
        assert list(serving.urls) == ["twin", "processmaker3"]
        assert httpx.get(serving.urls["twin"]["proxy_url"]).json() == {"name": "proxy"}
        assert httpx.get(serving.urls["twin"]["web_url"]).json() == {"name": "web"}
        assert httpx.get(f"{serving.urls['processmaker3']['url']}/nothing").status_code == 404


def test_a_first_port_is_followed_by_the_next_ones() -> None:
    first = free_ports(3)
    with Serving([build("processmaker3"), Twin()], first) as serving:
        urls = [url for table in serving.urls.values() for url in table.values()]
        assert urls == [f"http://127.0.0.1:{first + step}" for step in range(3)]


def test_the_ports_are_free_again_afterwards_and_no_thread_is_left() -> None:
    first = free_ports(2)
    for _ in range(2):
        with Serving([Twin()], first) as serving:
            assert httpx.get(serving.urls["twin"]["web_url"]).status_code == 200
    assert "references" not in [thread.name for thread in threading.enumerate()]


def test_serving_ends_cleanly_without_any_request() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Serving([Twin()]):
        assert signal.getsignal(signal.SIGINT) is before
    with Serving([]) as serving:
        assert serving.urls == {}


def test_small_responses_do_not_wait_for_acknowledgements() -> None:
    with Serving([Twin()]) as serving, httpx.Client() as client:
        url = serving.urls["twin"]["web_url"]
        client.get(url)
        quick = [client.get(url).elapsed.total_seconds() for _ in range(20)]
    assert sorted(quick)[10] < 0.03


def test_error_names_a_port_in_use_and_releases_the_others() -> None:
    first = free_ports(2)
    with listen(first + 1):
        with (
            pytest.raises(PortUnavailable, match=f"{first + 1}.*something else listens") as raised,
            Serving([Twin()], first),
        ):
            pass
        assert raised.value.errno == errno.EADDRINUSE
        listen(first).close()


def test_invalid_port_is_rejected() -> None:
    with pytest.raises(PortUnavailable, match="70000 is no port"):
        listen(70000)


def test_sockets_name_their_protocol() -> None:
    with listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_the_target_file_is_toml_with_the_same_content() -> None:
    references = [Twin(), build("processmaker3")]
    urls = {"twin": {"proxy_url": "http://a", "web_url": "http://b"}, "processmaker3": {"url": "http://c"}}
    parsed = tomllib.loads(target_toml(references, urls))
    assert parsed == target(references, urls)
    assert parsed["processmaker3"]["users"]["outsider"]["username"] == "clerk"
    assert parsed["safety"] == {"level": "disposable"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_is_served_with_a_target_file_that_names_its_addresses(system: str) -> None:
    reference = build(system)
    assert reference.system == system
    with Serving([reference]) as serving:
        parsed = tomllib.loads(target_toml([reference], serving.urls))
        assert parsed == target([reference], serving.urls)
        assert serving.urls[system].items() <= parsed[system].items()
        assert all(httpx.get(f"{url}/made/up").status_code == 404 for url in serving.urls[system].values())


@pytest.mark.parametrize("system", SYSTEMS)
def test_two_references_share_no_state(system: str) -> None:
    reference, other = build(system), build(system)
    assert reference.apps.keys() == other.apps.keys()
    assert all(reference.apps[key] is not other.apps[key] for key in reference.apps)


def test_unknown_system_is_rejected_with_the_nearest_name() -> None:
    with pytest.raises(UnknownSystem, match="did you mean processmaker3"):
        build("processmaker33")


def test_unknown_fault_is_rejected_with_the_nearest_name() -> None:
    with pytest.raises(UnknownFault, match="did you mean pm3-delete-keeps-project"):
        build("processmaker3", ["pm3-delete-keep-project"])


def test_fault_of_another_system_is_rejected() -> None:
    foreign = next(iter(known_faults("processmaker4")))
    with pytest.raises(UnknownFault, match="processmaker3 has no fault"):
        build("processmaker3", [foreign])


def test_every_fault_belongs_to_a_system_and_can_be_applied() -> None:
    faults = known_faults()
    assert set(Counter(fault.system for fault in faults.values())) == set(SYSTEMS)
    for name, known in faults.items():
        assert build(known.system, [name]).faults == (name,)
        assert known.description


def test_fault_names_are_unique() -> None:
    with pytest.raises(ValueError, match="two faults are called pm3-update-ignored"):
        fault("pm3-update-ignored", "processmaker3", "twice")(lambda _: None)


def get(app: ASGIApp, path: str = "/thing") -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://twin") as client:
            return await client.get(path)

    return asyncio.run(send())


def test_an_edited_response_keeps_everything_but_the_edit() -> None:
    twin = Twin()
    twin.wrap(response_fault("GET", "/th.*", 200, edit_json(lambda data: data | {"more": "x" * 50})))
    answer = get(twin.apps["web_url"])
    assert answer.json() == {"name": "web", "more": "x" * 50}
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/thing", 200), ("GET", "/thin", 200), ("GET", "/thing", 404)]
)
def test_only_the_matching_response_is_edited(method: str, path: str, status: int) -> None:
    twin = Twin()
    twin.wrap(response_fault(method, path, status, edit_status(500)))
    assert get(twin.apps["web_url"]).status_code == 200


def test_without_a_status_every_response_is_edited() -> None:
    twin = Twin()
    twin.wrap(response_fault("GET", "/thing", None, edit_status(503)))
    assert get(twin.apps["proxy_url"]).status_code == 503
