"""Acceptance: what became of a documented call, decided from values alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.core.exchange import NO_RESPONSE, Exchange, Request, Response
from conformance.core.verdict import Kind
from conformance.engine.acceptance import Acceptance, Attempt, Decision, Narrowed, Question, decide
from conformance.spec.specification import load
from conformance.wire.call import Call

PM3 = load("processmaker3").operations
READ, UPDATE, CREATE = PM3["listProjects"], PM3["updateProject"], PM3["createProject"]
NO_PERMISSION, ALTERNATIVE, GUESSED = PM3["getDepartment"], PM3["getProcess"], PM3["createGroup"]
JSON = (("Content-Type", "application/json"),)
PAGE = (("Content-Type", "text/html"),)
TAKEN = {"error": {"code": 400, "message": "A project of that name already exists."}}
NAMES_THE_FIELD = {"error": {"code": 400, "message": "prj_type is not valid"}}
NOT_FOUND = {"error": {"code": 404, "message": "no such path"}}


def exchange(status: int, body: Any = None, *, page: bool = False) -> Exchange:
    content = b"<html>no</html>" if page else b"" if body is None else json.dumps(body).encode()
    return Exchange("e", "op", Request("GET", "http://t/a/b"), Response(status, PAGE if page else JSON, content))


def attempt(status: int, body: Any = None, call: Call | None = None, **known: Any) -> Attempt:
    return Attempt(call=call or Call(READ), exchange=exchange(status, body), **known)


def decided(attempt: Attempt) -> Decision:
    found = decide(attempt)
    assert isinstance(found, Decision), found
    return found


def acceptance(attempt: Attempt) -> Acceptance:
    return decided(attempt).acceptance


ALIKE = ((exchange(404, NOT_FOUND), exchange(404, NOT_FOUND)),)
UNLIKE = ((exchange(404, NOT_FOUND),),)


def test_missing_response_decides_nothing_else() -> None:
    lost = Exchange("e", "op", Request("GET", "http://t/"), NO_RESPONSE, error="reset")
    assert acceptance(Attempt(call=Call(READ), exchange=lost)) is Acceptance.NO_RESPONSE


@pytest.mark.parametrize("status", [200, 201, 204])
def test_2xx_response_is_accepted_without_a_question(status: int) -> None:
    assert acceptance(attempt(status, [])) is Acceptance.ACCEPTED


@pytest.mark.parametrize("status", [400, 404, 409, 500])
def test_refused_write_must_be_repeated(status: int) -> None:
    first = attempt(status, NAMES_THE_FIELD, Call(UPDATE))
    assert decide(first) is Question.AGAIN
    assert decide(replace(first, repeated=True)) is not Question.AGAIN


@pytest.mark.parametrize("status", [401, 403, 405, 501])
def test_unauthorized_and_not_found_responses_need_no_repetition(status: int) -> None:
    assert decide(attempt(status, {}, Call(UPDATE))) is not Question.AGAIN


def test_write_that_is_accepted_the_second_time_is_accepted() -> None:
    again = attempt(200, {}, Call(UPDATE), repeated=True)
    assert acceptance(again) is Acceptance.ACCEPTED


def test_taken_name_is_not_a_refusal_of_the_request() -> None:
    assert acceptance(attempt(400, TAKEN, Call(CREATE), repeated=True)) is Acceptance.NAME_TAKEN


def test_other_reading_is_requested_and_decides() -> None:
    first = attempt(404, NOT_FOUND, Call(ALTERNATIVE, path={"prj_uid": "1"}))
    assert decide(first) is Question.OTHER_READING
    other = exchange(200, {})
    found = decided(replace(first, other_readings=(other,)))
    assert (found.acceptance, found.exchange) == (Acceptance.OTHER_READING, other)


def test_refused_other_reading_leaves_open_whether_the_operation_exists() -> None:
    first = attempt(404, NOT_FOUND, Call(ALTERNATIVE, path={"prj_uid": "1"}))
    assert decide(replace(first, other_readings=(exchange(404, NOT_FOUND),))) is Question.MADE_UP_PATH


def test_members_are_left_out_if_a_documented_body_is_refused() -> None:
    first = attempt(400, NAMES_THE_FIELD, Call(UPDATE, content={"json": {"prj_type": "x"}}), repeated=True)
    assert decide(first) is Question.WITHOUT_MEMBERS
    narrowed = Narrowed(exchange(200, {}), ("/prj_type",))
    found = decided(replace(first, narrowed=(narrowed,)))
    assert (found.acceptance, found.exchange) == (Acceptance.WITHOUT_MEMBERS, narrowed.exchange)
    assert decide(replace(first, narrowed=())) is Question.MADE_UP_PATH


@pytest.mark.parametrize(
    "call",
    [
        Call(UPDATE),
        Call(UPDATE, content={"json": [1]}),
        Call(UPDATE, "outsider", content={"json": {}}),
        Call(UPDATE, content={"json": {}}, documented=True),
        Call(GUESSED, content={"json": {}}),
    ],
)
def test_members_are_left_out_only_of_documented_bodies_of_the_main_user(call: Call) -> None:
    assert decide(attempt(400, NAMES_THE_FIELD, call, repeated=True)) is not Question.WITHOUT_MEMBERS


def test_operation_is_missing_if_a_made_up_path_gets_the_same_response() -> None:
    found = decided(attempt(404, NOT_FOUND, controls=ALIKE))
    assert (found.acceptance, found.exists, found.control) == (Acceptance.MISSING, False, ALIKE[0][0])


@pytest.mark.parametrize("status", [405, 501])
def test_operation_is_missing_if_its_method_is_unknown(status: int) -> None:
    assert decide(attempt(status, {})) is Question.MADE_UP_PATH  # as evidence
    assert acceptance(attempt(status, {}, controls=UNLIKE)) is Acceptance.MISSING


def test_operation_exists_if_a_made_up_path_gets_another_response() -> None:
    found = decided(attempt(400, NAMES_THE_FIELD, controls=UNLIKE))
    assert (found.acceptance, found.exists, found.kind) == (Acceptance.REFUSED, True, Kind.REFUSED)


def test_made_up_path_is_requested_twice_before_responses_count_as_equal() -> None:
    assert decide(attempt(404, NOT_FOUND)) is Question.MADE_UP_PATH
    assert decide(attempt(404, NOT_FOUND, controls=UNLIKE)) is Question.MADE_UP_PATH


def test_paths_of_other_operations_are_requested_one_after_the_other() -> None:
    first = attempt(404, {"error": "other"}, half_routed=1, routed=1, controls=((exchange(400),),))
    assert (decide(first), first.next_control_index) == (Question.MADE_UP_PATH, 1)
    second = replace(first, controls=(*first.controls, (exchange(400),)))
    assert (decide(second), second.next_control_index) == (Question.MADE_UP_PATH, 2)
    third = replace(second, controls=(*second.controls, (exchange(404, {"error": "other"}),)))
    assert (decide(third), third.next_control_index) == (Question.MADE_UP_PATH, 2)
    last = exchange(404, {"error": "other"})
    found = decided(replace(third, controls=(*second.controls, (exchange(404, {"error": "other"}), last))))
    assert (found.acceptance, found.control) == (Acceptance.MISSING, last)


def test_paths_of_other_operations_with_the_same_method_are_requested_only_on_not_found() -> None:
    assert attempt(400, half_routed=2, routed=3).made_up_paths == 3
    assert attempt(404, half_routed=2, routed=3).made_up_paths == 6


@pytest.mark.parametrize(("status", "kind"), [(500, Kind.SERVER_ERROR), (302, Kind.STATUS), (422, Kind.REFUSED)])
def test_status_decides_the_kind_of_a_deviation(status: int, kind: Kind) -> None:
    assert decided(attempt(status, {}, controls=UNLIKE)).kind is kind


def test_token_of_the_target_file_is_checked_first() -> None:
    first = attempt(401, {}, own_token=True)
    assert decide(first) is Question.OWN_TOKEN
    assert acceptance(replace(first, own_token_opens=False)) is Acceptance.OWN_TOKEN_REFUSED
    assert decide(replace(first, own_token_opens=True)) is Question.ANY_TOKEN


def test_token_that_is_never_accepted_is_the_root() -> None:
    first = attempt(403, {})
    assert decide(first) is Question.ANY_TOKEN
    assert acceptance(replace(first, any_token_opens=False)) is Acceptance.TOKEN_OPENS_NOTHING


def test_tokens_of_other_users_are_not_checked() -> None:
    assert decide(attempt(403, {}, Call(READ, "outsider"))) is Question.MADE_UP_PATH


def test_caller_refused_on_every_path_proves_nothing_about_the_operation() -> None:
    found = decided(attempt(403, {}, any_token_opens=True, controls=((exchange(403, {}),),)))
    assert (found.acceptance, found.missing, found.exists) == (Acceptance.REFUSED, None, False)


def test_undocumented_permission_may_be_missing() -> None:
    first = attempt(403, {}, Call(NO_PERMISSION, path={"dep_uid": "1"}), any_token_opens=True, controls=UNLIKE)
    assert decide(first) is Question.WHOLE
    assert acceptance(replace(first, whole_accepted=False)) is Acceptance.LACKS_RIGHT
    assert acceptance(replace(first, whole_accepted=True)) is Acceptance.REFUSED


def test_documented_permission_is_not_considered_missing() -> None:
    assert acceptance(attempt(403, {}, any_token_opens=True, controls=UNLIKE)) is Acceptance.REFUSED


def test_permission_is_not_missing_if_the_accommodated_form_is_accepted() -> None:
    call = Call(NO_PERMISSION, path={"dep_uid": "1"}, documented=True)
    first = attempt(403, {}, call, any_token_opens=True, controls=UNLIKE)
    assert decide(first) is Question.ACCOMMODATED
    assert acceptance(replace(first, accommodated_accepted=True)) is Acceptance.REFUSED
    assert decide(replace(first, accommodated_accepted=False)) is Question.WHOLE


def test_method_refused_on_any_path_is_refused_in_front_of_the_api() -> None:
    page = exchange(403, page=True)
    known: dict[str, Any] = {"any_token_opens": True, "controls": ((page,),)}
    first = Attempt(call=Call(UPDATE), exchange=page, **known)
    assert decide(first) is Question.ANY_PATH
    assert acceptance(replace(first, in_front=True)) is Acceptance.IN_FRONT
    assert acceptance(replace(first, in_front=False)) is Acceptance.REFUSED
    assert decide(Attempt(call=Call(READ), exchange=page, **known)) is not Question.ANY_PATH


def test_accommodated_form_contradicts_only_its_register_entries() -> None:
    call = Call(replace(READ, documented=READ))
    assert acceptance(attempt(404, NOT_FOUND, call, controls=ALIKE)) is Acceptance.NOT_AS_ACCOMMODATED
    assert acceptance(attempt(400, {}, call, controls=UNLIKE)) is Acceptance.NOT_AS_ACCOMMODATED
    found = decided(attempt(400, {}, call, controls=UNLIKE, in_register=True))
    assert (found.acceptance, found.exists) == (Acceptance.REFUSED, False)


def test_undocumented_request_may_be_refused() -> None:
    call = Call(replace(READ, undocumented_request=True))
    found = decided(attempt(400, {}, call, controls=UNLIKE))
    assert (found.acceptance, found.exists) == (Acceptance.UNDOCUMENTED, True)
    assert acceptance(attempt(404, NOT_FOUND, call, controls=ALIKE)) is Acceptance.MISSING


def test_implied_operation_may_be_missing() -> None:
    call = Call(replace(READ, implied=True))
    assert acceptance(attempt(404, NOT_FOUND, call, controls=ALIKE)) is Acceptance.UNDOCUMENTED
