"""Redaction: no secret is shown, however it is spelled, and nothing else is lost."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from ahocorasick_rs import BytesAhoCorasick

from conformance.wire import matcher
from conformance.wire.redact import HIDDEN, KEY_FIELDS, Redactor, secrets_in
from tests.unit.known_secrets import LONG, SHORT, redactor

__all__ = ["redactor"]

PLAIN = "s3cr3t-of-the-user"
MADE_UP = "conf0123456789ab"

FIELDS = [
    "password",
    "PASSWORD",
    "client_secret",
    "access_token",
    "refresh_token",
    "id_token",
    "api_key",
    "apiKey",
    "secret",
]


@pytest.mark.parametrize("field", FIELDS)
def test_a_secret_field_is_redacted_whatever_its_value(redactor: Redactor, field: str) -> None:
    assert redactor.text(json.dumps({field: SHORT})) == f'{{"{field}": "$PM3_PASSWORD"}}'
    assert redactor.text(json.dumps({field: 'unknown\\"x'})) == f'{{"{field}": "{HIDDEN}"}}'
    assert redactor.text(f"a=1&{field}={SHORT}&b=2") == f"a=1&{field}=$PM3_PASSWORD&b=2"
    assert redactor.text(f"http://t/?{field}=other#x") == f"http://t/?{field}={HIDDEN}#x"


def test_an_empty_secret_field_stays_empty(redactor: Redactor) -> None:
    assert redactor.text('{"client_secret": ""}') == '{"client_secret": ""}'
    assert redactor.text("client_secret=&a=1") == "client_secret=&a=1"


@pytest.mark.parametrize(
    "spelling",
    [
        LONG, quote(LONG, safe=""), quote_plus(LONG), base64.b64encode(LONG.encode()).decode(), json.dumps(LONG)[1:-1],
        json.dumps(LONG)[1:-1].replace("/", "\\/"), json.dumps(LONG, ensure_ascii=False)[1:-1], html.escape(LONG),
    ],
)  # fmt: skip
def test_a_long_secret_is_redacted_by_value_in_every_spelling(redactor: Redactor, spelling: str) -> None:
    assert redactor.text(f"echo <{spelling}> end") == "echo <$PM3_CLIENT_SECRET> end"


@pytest.mark.parametrize("text", ["administration", "an administrator", '{"user": "admins"}', "username=admin_x"])
def test_short_secret_does_not_damage_other_words(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


@pytest.mark.parametrize("text", ["<admin>", '{"note": "admin"}', "admin", "%61dmin", "use admin, please"])
def test_short_secret_is_redacted_as_a_whole_word(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text.replace("%61", "a").replace("admin", "$PM3_PASSWORD")


def test_secrets_of_one_and_two_characters_are_redacted_by_field_only() -> None:
    redactor = Redactor({"PIN": "12"})
    assert redactor.text('{"password": "12", "total": 12}') == '{"password": "$PIN", "total": 12}'
    assert redactor.by_field_only == {"PIN"}


def test_longest_secret_wins() -> None:
    redactor = Redactor({"SHORTER": "abcdefgh", "LONGER": "abcdefghij"})
    assert redactor.text("abcdefghij abcdefgh") == "$LONGER $SHORTER"


@pytest.mark.parametrize("word", ["createProject", "PM3-PROJECT-DELETE-AGAIN", "read"])
def test_a_secret_that_is_a_word_of_the_suite_is_redacted_by_field_only(word: str) -> None:
    redactor = Redactor({"TOKEN": word}, words=("createProject", "PM3-PROJECT-DELETE-AGAIN", "read"))
    assert redactor.text(f'{word}: {{"access_token": "{word}"}}') == f'{word}: {{"access_token": "$TOKEN"}}'
    assert redactor.by_field_only == {"TOKEN"}


def test_part_of_a_word_of_the_suite_is_kept_and_redacted_elsewhere() -> None:
    redactor = Redactor({"TOKEN": "createPr"}, words=("createProject",))
    assert redactor.text("createProject: createPr") == "createProject: $TOKEN"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{'password': 'x\\'y', 'user': 'u'}", "{'password': '[redacted]', 'user': 'u'}"),
        ('{"password": 12345, "n": 1}', '{"password": "[redacted]", "n": 1}'),
        ("<password>x y</password><user>u</user>", "<password>[redacted]</password><user>u</user>"),
    ],
)
def test_a_secret_field_is_redacted_in_every_notation(redactor: Redactor, text: str, shown: str) -> None:
    assert redactor.text(text) == shown


def test_authorization_header_shows_only_its_scheme(redactor: Redactor) -> None:
    redactor.learn("PM3_ACCESS_TOKEN", "token-of-forty")
    basic = base64.b64encode(f"client:{LONG}".encode()).decode()
    shown = redactor.headers(
        (("Authorization", "Bearer token-of-forty"), ("authorization", f"Basic {basic}"), ("AUTHORIZATION", "bare"))
    )
    assert [value for _, value in shown] == ["Bearer $PM3_ACCESS_TOKEN", f"Basic {HIDDEN}", HIDDEN]


@pytest.mark.parametrize("name", ["value", "Cookie", "Set-Cookie", "X-Api-Key", "Proxy-Authorization", "X-Auth-Token"])
def test_a_secret_header_is_redacted_whatever_it_holds(redactor: Redactor, name: str) -> None:
    redactor.learn("PROCESIO_KEY_VALUE", "key")
    assert redactor.headers(((name, "key"), (name, "other"))) == [[name, "$PROCESIO_KEY_VALUE"], [name, HIDDEN]]


def test_other_headers_are_kept_except_known_secrets(redactor: Redactor) -> None:
    shown = redactor.headers((("key", "name of the key"), ("workspaceId", "w"), ("X-Echo", f"<{LONG}>")))
    assert shown == [["key", "name of the key"], ["workspaceId", "w"], ["X-Echo", "<$PM3_CLIENT_SECRET>"]]


def test_a_token_that_is_learnt_later_is_redacted_from_then_on(redactor: Redactor) -> None:
    assert redactor.text("see tok-12345678") == "see tok-12345678"
    redactor.learn("PM3_ACCESS_TOKEN", "tok-12345678")
    assert redactor.text("see tok-12345678") == "see $PM3_ACCESS_TOKEN"
    assert redactor.placeholders == {"PM3_PASSWORD", "PM3_CLIENT_SECRET", "PM3_ACCESS_TOKEN"}


def test_value_keeps_its_first_placeholder(redactor: Redactor) -> None:
    redactor.learn("AGAIN", LONG)
    assert redactor.text(LONG) == "$PM3_CLIENT_SECRET"


def test_the_secrets_of_a_response_are_found_at_any_depth() -> None:
    body = {"access_token": "a", "more": [{"Refresh_Token": "b", "name": "c"}], "expires_in": 5}
    assert list(secrets_in(body)) == ["a", "b"]


def test_an_api_key_is_found_under_any_name_that_a_key_may_have() -> None:
    body = [{"id": "1", "name": "nightly", "keyValue": "a"}, {"value": "b", "Secret": "c", "workspaceId": "2"}]
    assert list(secrets_in(body, KEY_FIELDS)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "field",
    [
        *("password", "pass", "usr_new_pass", "usr_password", "client_secret", "secret"),
        *("access_token", "refresh_token", "id_token", "api_key", "apikey"),
    ],
)
@pytest.mark.parametrize("spelling", [str, str.upper, lambda name: name.replace("s", "\u017f").replace("k", "\u212a")])
def test_every_field_of_secrets_is_hidden_by_its_name_however_it_is_written(
    field: str, spelling: Callable[[str], str]
) -> None:
    name = spelling(field)
    redactor = Redactor({})
    for text in (f'{{"{name}": "opens"}}', f"/path?{name}=opens", f"<{name}>opens</{name}>", f"{{'{name}': 'opens'}}"):
        assert "opens" not in redactor.text(text)
        assert "opens" not in redactor.text(f"{'x' * 300} {text}")


def test_cached_header_is_redacted_again_after_a_new_secret() -> None:
    redactor = Redactor({})
    headers = (("X-Trace", "abcdefghij"), ("Authorization", "Bearer abcdefghij"))
    assert redactor.headers(headers)[0] == ["X-Trace", "abcdefghij"]
    redactor.learn("TOKEN", "abcdefghij")
    assert redactor.headers(headers) == [["X-Trace", "$TOKEN"], ["Authorization", "Bearer $TOKEN"]]
    redactor.learn("OTHER", "abcdefghij", rename=True)
    assert redactor.headers(headers) == [["X-Trace", "$OTHER"], ["Authorization", "Bearer $OTHER"]]


def built_keys(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many keys all automata together are made of, when a text is redacted after each of so many new secrets."""
    built: list[int] = []

    def counted(keys: Sequence[bytes], **options: Any) -> Any:
        built.append(len(keys))
        return BytesAhoCorasick(keys, **options)

    monkeypatch.setattr(matcher, "BytesAhoCorasick", counted)
    redactor = Redactor({})
    for number in range(count):
        secret = hashlib.sha256(str(number).encode()).hexdigest()
        redactor.learn(f"TOKEN_{number}", secret)
        assert redactor.text(f"<{secret}>") == f"<$TOKEN_{number}>"
    monkeypatch.undo()
    return sum(built)


def test_additional_secret_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = built_keys(100, monkeypatch), built_keys(1600, monkeypatch)
    assert many < 16 * few * 2  # rebuilding all for each would be 16 times that


SPELLINGS: dict[str, Callable[[str], str]] = {
    "decimal references without semicolons": lambda text: "".join(f"&#{ord(value)}" for value in text),
    "hexadecimal references without semicolons": lambda text: "".join(f"&#x{ord(value):x}" for value in text),
    "references with many zeros": lambda text: "".join(
        f"&#{ord(value):012};&#x{ord(value):012x};" for value in text[::2]
    ),
    "percent and u": lambda text: "".join(f"%u{ord(value):04X}" for value in text),
    "code points in braces": lambda text: "".join(f"\\u{{{ord(value):x}}}" for value in text),
    "wide code points": lambda text: "".join(f"\\U{ord(value):08x}" for value in text),
    "octal digits": lambda text: "".join(f"\\{ord(value):03o}" for value in text),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_redacted_in_spellings_of_any_language(spelling: Callable[[str], str]) -> None:
    secret = "aabbccddeeffgghh"
    redactor = Redactor({"PM3_PASSWORD": secret})
    assert redactor.text(f"<{spelling(secret)}> end") == "<$PM3_PASSWORD> end"


@pytest.mark.parametrize(
    "encode", [str, lambda text: text.encode().hex(), lambda text: base64.b64encode(text.encode()).decode()]
)
def test_secrets_that_end_alike_cost_no_more_and_hide_no_secret_of_the_user(
    encode: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each length of a secret would be compared wherever its last characters are."""
    redactor = Redactor({"PM3_PASSWORD": "the secret of the user aaaaaaaa"})
    for length in range(8, 400):
        redactor.learn(f"TOKEN_{length}", "b" + "a" * length)
        redactor.learn(f"ENCODED_{length}", "b" * length + encode("the secret of the user aaaaaaaa"))
    assert redactor.text(f"<{encode('the secret of the user aaaaaaaa')}>") == "<$PM3_PASSWORD>"
    assert redactor.text("<baaaaaaaa>") == "<$TOKEN_8>"
    assert max(map(len, redactor._long._lengths.values())) == matcher.MAX_LENGTHS


def test_many_secrets_at_once_are_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(keys: Sequence[bytes], **options: Any) -> Any:
        made.append(len(keys))
        return BytesAhoCorasick(keys, **options)

    monkeypatch.setattr(matcher, "BytesAhoCorasick", counted)
    redactor = Redactor({f"TOKEN_{number}": f"secret-{number:09}" for number in range(3000)})
    assert redactor.text("a secret-000002999 and secret-000000000") == "a $TOKEN_2999 and $TOKEN_0"
    assert len(made) == 1


def test_a_secret_that_is_no_valid_text_is_hidden_as_it_is_stored() -> None:
    """Bytes of an environment variable that are not UTF-8 become halves of surrogate pairs."""
    redactor = Redactor({"PM3_PASSWORD": "pass\udcff-phrase", "PM3_CLIENT_SECRET": "a\udcffb"})
    assert redactor.text("it is pass\udcff-phrase or a\udcffb") == "it is $PM3_PASSWORD or $PM3_CLIENT_SECRET"
    assert redactor.headers((("cookie", "pass\udcff-phrase"),)) == [["cookie", "$PM3_PASSWORD"]]


def test_secrets_that_are_learnt_together_are_numbered_and_known_ones_keep_their_names() -> None:
    redactor = Redactor({"PM3_PASSWORD": "of the user"})
    redactor.learn_all("TOKEN_", ["of the user", "first of them", "second of them", "first of them"], numbered=True)
    assert redactor.text("of the user, first of them, second of them") == "$PM3_PASSWORD, $TOKEN_1, $TOKEN_2"


def test_a_text_that_repeats_a_secret_without_a_blank_costs_linear_time() -> None:
    """Otherwise this takes many minutes: from each occurrence, the search for the suite's own words went on to both
    ends of the text.
    """
    redactor = Redactor({"PM3_PASSWORD": "aaaaaaaa"}, words=["createProject"])
    assert redactor.text("aaaaaaaa-" * 8000) == "$PM3_PASSWORD-" * 8000
    assert redactor.text("a" * 50_000) == "$PM3_PASSWORD"


def test_values_that_the_run_made_up_stay_in_the_fields_of_secrets() -> None:
    redactor = Redactor({"PASSWORD": PLAIN}, made_up={MADE_UP, PLAIN}.__contains__)
    assert redactor.text(f"user=x&password={MADE_UP}") == f"user=x&password={MADE_UP}"
    assert redactor.text(f"user=x&password={PLAIN}") == "user=x&password=$PASSWORD"
    assert redactor.text("user=x&password=conf0123456789ac") == f"user=x&password={HIDDEN}"


def test_password_of_a_user_that_the_run_created_gets_a_placeholder_and_is_hidden_everywhere() -> None:
    redactor = Redactor({"PASSWORD": PLAIN}, own=MADE_UP.__eq__)
    assert redactor.text(f"a role {MADE_UP}") == f"a role {MADE_UP}"  # it is no password yet
    shown = redactor.text(f'{{"usr_new_pass": "{MADE_UP}", "usr_password": "x", "bypass": "y"}}')
    assert shown == f'{{"usr_new_pass": "$RUN_PASSWORD1", "usr_password": "{HIDDEN}", "bypass": "y"}}'
    assert redactor.text(f"grant_type=password&password={MADE_UP}") == "grant_type=password&password=$RUN_PASSWORD1"
    assert redactor.text(f"logs in with {MADE_UP}") == "logs in with $RUN_PASSWORD1"
    assert "RUN_PASSWORD1" in redactor.placeholders


@pytest.mark.parametrize(
    ("credentials", "is_shown"),
    [
        (f"client:{MADE_UP}", True),
        ("client:another", False),
        (f"{PLAIN}:{MADE_UP}", False),
        (f"client:{PLAIN}", False),
        (MADE_UP, False),
    ],
)
def test_basic_credentials_are_shown_if_the_run_made_up_the_password(credentials: str, *, is_shown: bool) -> None:
    redactor = Redactor({"PASSWORD": PLAIN}, made_up=MADE_UP.__eq__)
    value = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    assert redactor.headers((("authorization", value),)) == [
        ["authorization", value if is_shown else f"Basic {HIDDEN}"]
    ]


@pytest.mark.parametrize("missing", [1, 3, 4])
def test_secret_of_the_user_that_a_server_cut_off_is_hidden_in_the_middle_of_a_text(missing: int) -> None:
    redactor = Redactor({"PM3_PASSWORD": "pa55-Hn3rYb8sDf6"})
    cut_off = "pa55-Hn3rYb8sDf6"[:-missing]
    assert redactor.text(f"refused ({cut_off}). Correct it") == "refused ($PM3_PASSWORD). Correct it"


def test_beginning_of_a_secret_is_hidden_only_if_most_of_it_is_there() -> None:
    redactor = Redactor({"PM3_PASSWORD": "createproject-1234567", "PM3_CLIENT_SECRET": "password"})
    assert redactor.text("createproject of pass") == "createproject of pass"
