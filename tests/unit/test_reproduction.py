"""What must be sent again to see a deviation again: what made the thing, what changed it, and no more."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.run.chain import Chains
from conformance.run.reproduction import Recorded, reproduction
from conformance.wire.redact import Redactor
from conformance.wire.stored import stored

UID = "1a2b3c4d5e6f"
OTHER = "9f8e7d6c5b4a"
NAME = "conf 0a1b2c3d main 4 a1b2c3"
AUTH = (("authorization", "Bearer s3cr3t-of-the-run"),)


def exchange(name: str, method: str, path: str, sent: Any = None, answer: Any = None, status: int = 200) -> Exchange:
    body = b"" if sent is None else json.dumps(sent).encode()
    response = Response(status, body=b"" if answer is None else json.dumps(answer).encode())
    return Exchange(name, f"op {name}", Request(method, f"http://t:1{path}", AUTH, body), response)


CREATE = exchange("create", "POST", "/things", {"name": NAME}, {"uid": UID}, 201)
OTHER_CREATE = exchange("other", "POST", "/things", {"name": NAME.replace("a1b2c3", "d4e5f6")}, {"uid": OTHER}, 201)
READ = exchange("read", "GET", f"/things/{UID}", answer={"uid": UID, "name": "old"})
REFUSED = exchange("refused", "PUT", f"/things/{UID}", {"name": 7}, status=400)
UPDATE = exchange("update", "PUT", f"/things/{UID}", {"name": "new"})
AGAIN = exchange("again", "PUT", f"/things/{UID}", {"name": "newer"})
LIST = exchange("list", "GET", "/things", answer=[{"uid": UID, "name": NAME}])


def test_read_needs_the_create_and_the_last_update_of_its_resource() -> None:
    chains = Chains([CREATE, OTHER_CREATE, REFUSED, UPDATE, AGAIN, READ])
    assert chains.of(["read"]) == ("create", "again", "read")
    assert chains.of(["read"], of_state=True) == ("create", "other", "update", "again", "read")


def test_independent_request_has_no_chain() -> None:
    assert Chains([OTHER_CREATE, CREATE]).of(["create"]) == ()
    assert Chains([OTHER_CREATE, LIST]).of(["list"]) == ()
    assert Chains([CREATE]).of(["a request of another test"]) == ()


def test_control_request_counts_only_for_the_same_resource() -> None:
    control = exchange("control", "GET", "/things", answer=[])
    removed = exchange("removed", "DELETE", f"/things/{UID}")
    again = exchange("again", "DELETE", f"/things/{UID}", status=204)
    assert Chains([CREATE, control, READ]).of(["read", "control"]) == ("create", "read")
    assert Chains([CREATE, control, READ]).of(["read", "control"], of_state=True) == ("create", "control", "read")
    assert Chains([CREATE, control, removed, again]).of(["again", "removed"]) == ("create", "removed", "again")


def test_effect_of_a_write_is_shown_by_the_next_read() -> None:
    removed = exchange("removed", "DELETE", f"/things/{UID}")
    later = exchange("later", "GET", f"/things/{UID}", answer={"uid": UID})
    assert Chains([CREATE, removed, LIST, READ, later]).of(["removed"], of_state=True) == ("create", "removed", "read")
    assert Chains([CREATE, removed, LIST, READ, later]).of(["removed"]) == ("create", "removed")


def test_a_resource_that_is_named_by_its_name_needs_the_write_that_names_its_identifier() -> None:
    removed = exchange("removed", "DELETE", f"/things/{UID}")
    other = exchange("unrelated", "DELETE", f"/things/{OTHER}")
    login = exchange("login", "POST", "/sessions", {"user": NAME})
    assert Chains([CREATE, OTHER_CREATE, removed, other, login]).of(["login"]) == ("create", "removed", "login")


def test_what_a_write_returned_is_read_next() -> None:
    imported = exchange("import", "POST", "/import", "a file", {"uid": UID}, 201)
    assert Chains([imported, LIST, READ]).of(["import"], of_state=True) == ("import", "read")


def test_write_that_another_one_should_be_refused_like_needs_no_read() -> None:
    refused = replace(exchange("refused", "POST", "/import?keep=1", "a file", status=400), operation="import")
    accepted = replace(exchange("accepted", "POST", "/import", "a file", {"uid": UID}, 201), operation="import")
    chains = Chains([refused, accepted, READ])
    assert chains.of(["accepted", "refused"], of_state=True) == ("refused", "accepted")


def test_refused_write_is_shown_by_the_read_of_what_it_names_or_by_the_list() -> None:
    refused = exchange("refused", "POST", "/roles/1", {"user": "00000001"}, status=400)
    read = exchange("user", "GET", "/users/00000001", answer={"role": 1})
    assert Chains([LIST, refused, LIST, read]).of(["refused"], of_state=True) == ("refused", "user")
    twin = exchange("twin", "POST", "/things", {"name": NAME}, status=409)
    assert Chains([CREATE, twin, LIST]).of(["twin"], of_state=True) == ("create", "twin", "list")


def test_change_after_refused_writes_only_needs_these_and_the_read_before() -> None:
    before = replace(READ, id="before")
    refused = exchange("refused", "DELETE", "/things/unknown", status=404)
    gone = exchange("gone", "GET", f"/things/{UID}", status=404)
    needed = ("create", "before", "refused", "gone")
    assert Chains([CREATE, REFUSED, before, refused, gone]).of(["gone"], of_state=True) == needed
    earlier = replace(gone, id="earlier look")
    assert Chains([CREATE, before, refused, earlier, gone]).of(["gone"], of_state=True) == needed
    assert Chains([CREATE, before, refused, READ]).of(["read"], of_state=True) == ("create", "read")
    removed = exchange("removed", "DELETE", f"/things/{UID}")
    chains = Chains([CREATE, before, refused, removed, gone])
    assert chains.of(["gone"], of_state=True) == ("create", "removed", "gone")


def test_identifier_that_was_not_requested_needs_the_read_that_showed_it_before() -> None:
    existing = exchange("existing", "GET", "/things", answer=[{"uid": OTHER}])
    generated = exchange("generated", "POST", "/things/generate", {"from": UID}, {"uid": OTHER, "from": UID}, 201)
    chains = Chains([LIST, existing, generated], lasting=[UID, OTHER])
    assert chains.of(["generated"], of_state=True) == ("existing", "generated")
    assert chains.of(["generated"]) == ()


def test_incomplete_list_needs_the_creates() -> None:
    empty = exchange("list", "GET", "/things", answer=[])
    assert Chains([CREATE, empty]).of(["list"], of_state=True) == ("create", "list")


def test_identifier_from_a_list_needs_the_list_and_the_create() -> None:
    silent = exchange("create", "POST", "/things", {"name": NAME}, status=201)
    assert Chains([OTHER_CREATE, silent, LIST, READ]).of(["read"]) == ("create", "list", "read")


def test_earlier_resource_needs_no_create() -> None:
    assert Chains([LIST, READ], lasting=[UID]).of(["read"]) == ()


def test_secret_of_the_owner_is_not_requested_again() -> None:
    asked = Request("POST", "http://t:1/token")
    login = Exchange("login", "op", asked, Response(200, body=b'{"access_token": "s3cr3t-of-the-run"}'))
    assert Chains([login, LIST]).of(["list"]) == ("login", "list")
    assert Chains([login, LIST], is_given=lambda value: value.startswith("s3cr3t")).of(["list"]) == ()


def recorded(*exchanges: Exchange) -> list[Recorded]:
    return [
        Recorded.of(
            {
                "id": item.id,
                "operation": item.operation,
                "request": {
                    "method": item.request.method,
                    "url": item.request.url,
                    "headers": [["authorization", "Bearer $TOKEN"]],
                    "body": item.request.body.decode(),
                },
                "response": {"status": item.response.status, "body": item.response.body.decode()},
            }
        )
        for item in exchanges
    ]


def test_a_script_takes_the_identifier_from_the_response_and_gives_new_names() -> None:
    text = reproduction(recorded(CREATE, UPDATE, READ), ["a title"], ["TOKEN"], {}, shown="read")
    assert UID not in text
    assert "0a1b2c3d" not in text
    assert "uid=$(take /uid)" in text
    assert '/things/"$uid"' in text
    assert "3 of 3: GET /things/$uid (op read), in the recorded run 200; this shows the deviation" in text
    assert ': "${TOKEN:?is not set; see the top of this script}"' in text
    assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0


def test_secret_of_a_response_is_not_mistaken_for_another_one_with_a_shorter_number() -> None:
    login = exchange("login", "POST", "/login", answer={"access_token": "$TOKEN_41"})
    line = replace(recorded(READ)[0], request=Request("GET", "http://t:1/", (("authorization", "Bearer $TOKEN_41"),)))
    text = reproduction([*recorded(login), line], [], ["TOKEN", "TOKEN_4", "TOKEN_41"], {})
    assert "TOKEN_41=$(take /access_token)" in text
    assert "TOKEN_4:?" not in text


def test_bytes_that_are_no_text_are_sent_again() -> None:
    body = b'\xff\xfe{"text":"\xc3("}'
    sent = Exchange("odd", "op", Request("POST", "http://t:1/things", (), body), Response(500))
    line = stored(sent, Redactor({"PASSWORD": "s3cr3t-of-the-user"}))
    found = Recorded.of(json.loads(json.dumps(line)))
    assert found.request.body == body
    text = reproduction([*recorded(CREATE), found], [], [], {})
    assert r"""printf '\377\376{"text":"\303("}'""" in text


@pytest.mark.parametrize("secret", ["s3cr3t-of-the-user", "p\xe4sswort-of-the-user"])
def test_bytes_with_a_secret_are_not_stored(secret: str) -> None:
    body = b"\xff\xfe" + secret.encode("latin-1")
    sent = Exchange("odd", "op", Request("POST", "http://t:1/", (), body), Response(400))
    line = stored(sent, Redactor({"PASSWORD": secret}))
    assert "body_base64" not in line["request"]


def test_an_item_of_a_list_is_found_by_its_name() -> None:
    silent = exchange("create", "POST", "/things", {"name": NAME}, status=201)
    text = reproduction(recorded(silent, LIST, READ), [], [], {})
    assert "uid=$(take '/*/uid' 'conf '\"$run\"' main 4 a1b2c3')" in text


def test_one_request_is_a_curl_command() -> None:
    assert reproduction(recorded(LIST), ["a title"], ["TOKEN"], {}).startswith("curl ")


def test_a_script_waits_for_a_write_where_the_target_file_says_so() -> None:
    text = reproduction(recorded(CREATE, READ), [], [], {}, settle=2.5)
    assert text.index("sleep 2.5") > text.index("1 of 2")


def test_member_names_of_a_server_cannot_run_a_command() -> None:
    odd = exchange("create", "POST", "/things", {"name": NAME}, {"a'; touch x; '$(id)\n`id`": UID}, 201)
    text = reproduction(recorded(odd, READ), ["title\n$(id)"], [], {})
    assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0
    assert all(
        line.lstrip("# ").startswith("title") for line in text.splitlines() if "$(id)" in line and "#" in line[:2]
    )
    assert "take '/a'\"'\"'; touch x" in text
