"""Runs by an API key: what a wrong key runs, and what a right one makes (procesio-api.txt, lines 18-35)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.core.near_misses import near_misses
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.checks import describe
from conformance.engine.comparison import number
from conformance.engine.identifiers import candidates, looks_paginated, seen
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.suites.procesio.credentials import API_KEY
from conformance.suites.procesio.keys import require_valid_key
from conformance.suites.procesio.processes import is_listed, own_process, process, run_body
from conformance.suites.procesio.target import Procesio

KEY_REFUSALS: Final = (
    "PRO-RUN-API-KEY-WITHOUT-WORKSPACE",
    "PRO-RUN-API-KEY-WRONG-WORKSPACE",
    "PRO-RUN-API-KEY-WRONG-VALUE",
    "PRO-RUN-API-KEY-WRONG-NAME",
)


@pytest.mark.requirement("PRO-RUN-API-KEY", *KEY_REFUSALS)
def test_an_api_key_runs_a_process(session: Session) -> None:
    request: dict[str, Any] = {"path": process(session), "json": run_body(session)}
    ran = session.send("runProcess", user=API_KEY, **request)
    control = ran if ran.response.ok else session.call("runProcess", **request)
    require_valid_key(session, ran, request)
    works = session.recorder.require(
        "PRO-RUN-API-KEY", ran.response.ok, ran, control, observed=describe(ran), kind=Kind.REFUSED
    )
    if not works:
        for requirement in KEY_REFUSALS:
            session.recorder.block(requirement, session.recorder.root_of("PRO-RUN-API-KEY"))
        return
    assert isinstance(session.table, Procesio)
    assert session.table.api_key is not None
    key = {"key": session.table.api_key.name, "value": session.table.api_key.value.get_secret_value()}
    without = session.send("runProcess", user="nobody", headers=key, **request)
    needed = session.recorder.refused("PRO-RUN-API-KEY-WITHOUT-WORKSPACE", without, ran)
    elsewhere = "PRO-RUN-API-KEY-WRONG-WORKSPACE"
    if needed:
        other = {**key, "workspaceId": session.ledger.made_up_guid()}
        session.recorder.refused(elsewhere, session.send("runProcess", user="nobody", headers=other, **request), ran)
    else:  # the key says which workspace it is for (rule 3)
        session.recorder.skip(elsewhere, Reason.INCONCLUSIVE, "the server accepts a key without its workspace")
    wrong_values = [{"value": value} for value in (session.ledger.made_up(), *near_misses(key["value"]).values())]
    for requirement, changes in (
        ("PRO-RUN-API-KEY-WRONG-VALUE", [*wrong_values, {"key": "", "value": ""}]),
        ("PRO-RUN-API-KEY-WRONG-NAME", [{"key": session.ledger.made_up()}]),
    ):
        for change in changes:
            wrong = {**key, **change, "workspaceId": session.table.workspace_id or ""}
            refused = session.send("runProcess", user="nobody", headers=wrong, **request)
            if not session.recorder.refused(requirement, refused, ran):
                break


@pytest.mark.starts  # one by a token, one by a key
@pytest.mark.requirement("PRO-RUN-API-KEY-OF-ONE", "PRO-RUN-API-KEY-PAYLOAD")
def test_an_api_key_runs_the_process_in_the_path_with_its_payload(session: Session) -> None:
    link = session.operation("runProcess").link("status")
    request: dict[str, Any] = {"path": process(session), "json": run_body(session)}
    own_process(session)  # which must not be run in its place
    before = seen(session.call("listInstances", path=process(session)))
    runs = {"token": session.call("runProcess", **request)}
    runs["key"] = session.send("runProcess", user=API_KEY, **request)
    if not runs["key"].response.ok:  # PRO-RUN-API-KEY says so
        raise NotExercised(Reason.INCONCLUSIVE, f"a run by an API key: {describe(runs['key'])}")
    own = {process(session)["id"], *before}
    made = {
        how: [candidate for candidate in candidates(ran, link) if candidate not in own] for how, ran in runs.items()
    }

    def look() -> tuple[bool, Exchange]:
        shown = session.send("listInstances", path=process(session))
        return all(any(is_listed(shown, text) for text in each) for each in made.values()), shown

    both, shown = session.eventually(look)
    if not both:  # the list may lack what is newest, whatever made it
        runs["newer"] = session.call("runProcess", **request)
        made["newer"] = [candidate for candidate in candidates(runs["newer"], link) if candidate not in own]
        _, shown = session.eventually(look)
    listed = {how: next((text for text in each if is_listed(shown, text)), "") for how, each in made.items()}
    if not listed["token"] or not made["key"]:
        raise NotExercised(Reason.INCONCLUSIVE, "the list of instances does not show what a run made")
    if not listed["key"] and (looks_paginated(shown) or not listed["newer"]):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of instances shows a part only")
    if not session.recorder.require(
        "PRO-RUN-API-KEY-OF-ONE",
        bool(listed["key"]),
        shown,
        runs["key"],
        runs["token"],
        observed="the process has the instance of a run by a token, and not that of a run by an API key",
    ):
        raise Blocked(session.recorder.root_of("PRO-RUN-API-KEY-OF-ONE"), "runProcess")
    sent = [value for value in texts(request["json"]["payload"]) if held(shown, listed["token"], value)]
    if not sent:
        message = "the list of instances does not show the payload of a run"
        session.recorder.skip("PRO-RUN-API-KEY-PAYLOAD", Reason.INCONCLUSIVE, message)
        return

    def complete() -> tuple[bool, Exchange]:
        again = session.send("listInstances", path=process(session))
        return all(held(again, listed["key"], value) for value in sent), again

    kept, shown = session.eventually(complete)  # the run by a token is the older one
    if not kept and not all(held(shown, listed["token"], value) for value in sent):
        message = "the list of instances no longer shows the payload of a run"
        session.recorder.skip("PRO-RUN-API-KEY-PAYLOAD", Reason.INCONCLUSIVE, message)
        return
    session.recorder.require(
        "PRO-RUN-API-KEY-PAYLOAD",
        kept,
        shown,
        runs["key"],
        runs["token"],
        observed="the instance of a run by a token has the payload, and that of a run by an API key has another one",
        kind=Kind.READ_BACK,
    )


def texts(payload: Any) -> Iterator[str]:
    """The texts of a payload that differ from counts and states."""
    return (value for _, value in leaves(payload) if isinstance(value, str) and value and number(value) is None)


def held(shown: Exchange, instance: str, text: str) -> bool:
    """Whether the item of an instance in a list has a text."""
    try:
        return presence.mentioned(presence.about(shown.response.json, instance) or {}, text)
    except NotJson:
        return False
