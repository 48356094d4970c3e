"""Credentials: their types, their test, and files for them (procesio-api.txt, lines 57-69)."""

from __future__ import annotations

import pytest

from conformance.exchange import Exchange
from conformance.identification import listed, mentions, partial
from conformance.judge import Blocked, NotExercised
from conformance.sampling import sample
from conformance.session import Session
from conformance.suites.procesio.answers import answers_something
from conformance.verdict import Kind, Reason

NAMED = ("REST API", "Email Server")


@pytest.mark.requirement("PRO-CREDENTIAL-TYPES-NAMED")
def test_the_types_of_credentials_are_told(session: Session) -> None:
    types = session.call("listCredentialTypes")
    if partial(types):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of types shows a part only")
    missing = [one for one in NAMED if not mentions(types, one)]
    session.judge.require(
        "PRO-CREDENTIAL-TYPES-NAMED", not missing, types, observed=f"without {' and '.join(missing)}", kind=Kind.ABSENT
    )


@pytest.mark.requirement("PRO-CREDENTIAL-TYPE-CREATE-LISTED", "PRO-CREDENTIAL-TYPE-CREATE-READABLE")
def test_a_new_type_of_credentials_is_told_and_can_be_read(session: Session) -> None:
    creating = session.operation("createCredentialType")
    request = sample(session, creating).request()
    made = session.call(creating.id, **request)
    name = request["json"]["name"]
    session.call("listCredentialTypes")

    def look() -> tuple[bool, Exchange]:
        types = session.send("listCredentialTypes")
        return mentions(types, name), types

    told, types = session.eventually(look)
    if not told and partial(types):
        raise NotExercised(Reason.INCONCLUSIVE, "the list of types shows a part only")
    observed = "the new type is not in the list"
    if not session.judge.require(
        "PRO-CREDENTIAL-TYPE-CREATE-LISTED", told, types, made, observed=observed, kind=Kind.ABSENT
    ):
        raise Blocked(session.judge.root_of("PRO-CREDENTIAL-TYPE-CREATE-LISTED"), creating.id)
    link = creating.link("list")
    assert link is not None
    identifier = next((one for one, of in listed(types, link) if of == name), "")
    if not identifier:
        raise NotExercised(Reason.INCONCLUSIVE, "the list of types shows no identifier of the new one")
    session.call("getCredentialType", path={"id": identifier}, accepts="PRO-CREDENTIAL-TYPE-CREATE-READABLE")


@pytest.mark.requirement("PRO-CREDENTIAL-TEST-ANSWERED", "PRO-CREDENTIAL-TEST-CHANGES-NOTHING")
def test_testing_credentials_changes_nothing(session: Session) -> None:
    testing = sample(session, session.operation("testCredential"))
    own = {"id": testing.content["json"]["id"]}
    before = session.call("getCredential", path=own)
    tested = answers_something(session, "PRO-CREDENTIAL-TEST-ANSWERED", "testCredential", **testing.request())
    after = session.call("getCredential", path=own)
    session.judge.require(
        "PRO-CREDENTIAL-TEST-CHANGES-NOTHING",
        before.answer.body == after.answer.body,
        after,
        before,
        tested,
        observed="the credentials read otherwise than before",
    )


@pytest.mark.requirement("PRO-CREDENTIAL-TEMPLATE-ANSWERED", "PRO-CREDENTIAL-VERBS-ANSWERED")
def test_a_template_tells_its_credentials_and_its_verbs(session: Session) -> None:
    for operation, requirement in (
        ("listTemplateCredentials", "PRO-CREDENTIAL-TEMPLATE-ANSWERED"),
        ("listTemplateVerbs", "PRO-CREDENTIAL-VERBS-ANSWERED"),
    ):
        try:
            answers_something(
                session, requirement, operation, **sample(session, session.operation(operation)).request()
            )
        except NotExercised as reason:
            session.judge.skip(requirement, reason.reason, reason.detail)


@pytest.mark.requirement("PRO-CREDENTIAL-UPLOAD-UNKNOWN")
def test_a_file_for_unknown_credentials_is_refused(session: Session) -> None:
    request = sample(session, session.operation("uploadCredential")).request()
    control = session.call("uploadCredential", **request)
    unknown = {**request, "path": {"credentialsId": session.ledger.made_up_guid()}}
    session.judge.refused("PRO-CREDENTIAL-UPLOAD-UNKNOWN", session.send("uploadCredential", **unknown), control)
