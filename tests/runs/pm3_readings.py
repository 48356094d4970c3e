"""Servers that follow the other reading of what the documents of ProcessMaker 3 leave open or contradict.

Two servers are enough, since most readings do not exclude each other: one is as strict with requests as any passage
allows, one follows the passages that our reading rejects. `sparse` of the liberties follows the readings that omit
something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from conformance.reference.edits import Data, Outgoing, each_object, editing, on_reading
from conformance.reference.faults import override
from conformance.reference.processmaker3.fields import KINDS, Refused
from conformance.reference.processmaker3.liberal import definitions, each_element

from .liberty import Liberty

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference.base import Middleware
    from conformance.reference.processmaker3.fields import Kind
    from conformance.reference.processmaker3.server import ProcessMaker3


ENDS = ("origin", "dest")
UIDS = {kind.list_name: kind.uid for kind in KINDS}

# -- strict with requests ----------------------------------------------------------------------------------------------


def drawn(sent: Data) -> Iterator[tuple[str, Data]]:
    """Every element of a definition, with the name of its array."""
    for diagram in sent.get("diagrams") or ():
        for kind in KINDS:
            for element in diagram.get(kind.list_name) or ():
                yield kind.list_name, element


def demand(holds: bool, what: str) -> None:
    """Refuse the request unless it fulfils a demand."""
    if not holds:
        raise Refused(f"Not accepted here: {what}.")


def check_definition(sent: Data) -> None:
    """What a definition must contain according to some passage."""
    for array, element in drawn(sent):
        if array == "events":
            demand(bool(element.get("evn_name")), "an event without a name (A-PM3-20)")
        if array == "flows":
            demand(bool(element.get("flo_element_origin")), "a flow from nowhere (A-PM3-22)")
            demand(None not in (element.get("flo_name"), element.get("flo_condition")), "null for a text (A-PM3-21)")
            for end in ENDS:
                kind = element.get(f"flo_element_{end}_type")
                demand(kind in ("bpmnEvent", "bpmnActivity"), "another end of a flow (A-PM3-23)")


def strict_bodies(reference: ProcessMaker3) -> None:
    """Requests that some passage calls wrong are refused."""
    state = reference.workspace

    def create(usual: Callable[..., Any]) -> Callable[..., Any]:
        def checked(sent: Data, user: str) -> Any:
            check_definition(sent)
            known = {element.get(UIDS[array]) for array, element in drawn(sent) if array != "flows"}
            ends = {flow.get(f"flo_element_{end}") for array, flow in drawn(sent) if array == "flows" for end in ENDS}
            demand(ends <= known, "an end of a flow that the request does not define (A-PM3-25)")
            return usual(sent, user)

        return checked

    def update(usual: Callable[..., None]) -> Callable[..., None]:
        def checked(uid: str, sent: Data, user: str) -> None:
            check_definition(sent)
            usual(uid, sent, user)

        return checked

    def update_process(usual: Callable[..., None]) -> Callable[..., None]:
        def checked(uid: str, sent: Data) -> None:
            demand("pro_uid" in sent, "a process without its identifier (A-PM3-16)")
            usual(uid, sent)

        return checked

    override(state, "create", create)
    override(state, "update", update)
    override(state, "update_process", update_process)


@each_element
def other_spelling(_kind: Kind, element: Data) -> None:
    """The flag of a flow as one table spells it (A-PM3-02)."""
    if "flo_is_inmediate" in element:
        element["flo_is_inmidiate"] = element.pop("flo_is_inmediate")


def strict(reference: ProcessMaker3) -> None:
    """As strict as any passage allows."""
    strict_bodies(reference)
    reference.wrap(editing(other_spelling))


# -- the other passages ------------------------------------------------------------------------------------------------


def translated(mapping: dict[int, int], back: dict[int, int], pattern: str, answered: str) -> Middleware:
    """A middleware that translates identifiers to other characters and back (A-PM3-52)."""

    def wrap(app: ASGIApp) -> ASGIApp:
        inner = editing(lambda answer: shown(answer))(app)

        def shown(answer: Outgoing) -> None:
            text = answer.body.decode("utf-8", "surrogateescape")
            text = re.sub(answered, lambda found: found[0].translate(mapping), text)
            answer.body = text.encode("utf-8", "surrogateescape")

        async def reading(scope: Scope, receive: Receive, send: Send) -> None:
            def plain(text: str) -> str:
                return re.sub(pattern, lambda found: found[0].translate(back), text)

            async def given() -> Any:
                message = await receive()
                body = message.get("body", b"").decode("utf-8", "surrogateescape")
                return {**message, "body": plain(body).encode("utf-8", "surrogateescape")}

            await inner({**scope, "path": plain(scope["path"])}, given, send)

        return reading

    return wrap


LETTERS = str.maketrans("abcdef", "KLMNOP")
DIGITS = str.maketrans("KLMNOP", "abcdef")


@definitions
def settings_left_out(definition: Data) -> None:
    """No settings of the user (A-PM3-34)."""
    del definition["usr_settings"]


@on_reading
def its_own_parent(answer: Outgoing) -> None:
    """A process is its own parent (A-PM3-32), and names a trigger for each moment (A-PM3-36)."""
    if answer.path.endswith("/process"):
        data = answer.json
        triggers = {name: f"{number:032}" for number, name in enumerate(data) if name.startswith("pro_tri_")}
        answer.json = (
            data
            | {name: data[name] or uid for name, uid in triggers.items()}
            | {"pro_parent": data["pro_parent"] or data["pro_uid"]}
        )


@on_reading
@each_object
def always_updated(one: Data) -> Data:
    """What was never updated has the date of its creation (A-PM3-35)."""
    if "prj_update_date" in one and one["prj_update_date"] is None:
        return one | {"prj_update_date": one["prj_create_date"]}
    return one


def literal_xml(answer: Outgoing) -> None:
    """The label of an export is the word xml (A-PM3-14)."""
    if answer.path.endswith("/export") and answer.accepted:
        answer.label("xml")


def only_the_uid(answer: Outgoing) -> None:
    """An import returns only the identifier (A-PM3-15)."""
    if answer.path.endswith("/import") and answer.accepted:
        answer.json = {"prj_uid": answer.json["prj_uid"]}


def worded(reference: ProcessMaker3) -> None:
    """Follow the other passages about the behaviour of a server."""
    state, accounts = reference.workspace, reference.accounts
    kept = state.update

    def partial(uid: str, data: Data, user: str) -> None:
        """Elements that are not sent stay (A-PM3-39); without diagrams, none stays (A-PM3-40)."""
        sent = data.get("diagrams", [])
        kept(
            uid, {**data, "diagrams": [completed(item, uid) for item in sent] if isinstance(sent, list) else sent}, user
        )

    def completed(diagram: Any, uid: str) -> Any:
        if not isinstance(diagram, dict):
            return diagram
        old = next(iter(state.find(uid).diagrams), {})
        return {**{kind.list_name: old.get(kind.list_name, []) for kind in KINDS}, **diagram}

    def any_client(form: Data, authorization: str | None) -> Data:
        """The credentials of a client work for every user (A-TIP-04)."""
        client_id, secret = accounts.basic(authorization) or (form.get("client_id"), form.get("client_secret"))
        client = accounts.by_client.get(str(client_id))
        user = next(
            (account for account in accounts.by_client.values() if account.username == form.get("username")), None
        )
        if client is not None and client.client_secret == secret and user is not None:
            return grant({**form, "client_id": user.client_id, "client_secret": user.client_secret}, None)
        return grant(form, authorization)

    grant = accounts.grant
    state.update = partial  # type: ignore[method-assign]
    accounts.grant = any_client  # type: ignore[method-assign]
    edits = (settings_left_out, its_own_parent, always_updated, literal_xml, only_the_uid)
    reference.wrap(editing(*edits))
    reference.wrap(translated(LETTERS, DIGITS, "[0-9K-P]{32}", "(?<![0-9a-f])(?!.0{20})[0-9a-f]{32}(?![0-9a-f])"))


LIBERTIES = (
    Liberty(
        "strict",
        "processmaker3",
        strict,
        unshown=("getProject.200./diagrams[[]]/flows[[]]/flo_is_inmediate:*",),  # it has another name
        findings=(
            "getProject.200./diagrams[[]]/flows[[]]/flo_is_inmediate:spelled",
            "PM3-PROJECT-CREATE-NULL-FLOW-TEXTS",
        ),
    ),
    Liberty(
        "worded",
        "processmaker3",
        worded,
        unshown=("getProject.200./usr_settings*", "importProject.201./prj_file:type"),
        findings=(
            "PM3-IMPORT-FILE-NAME",
            "PM3-PROJECT-*-SETTINGS",
            "PM3-PROJECT-UPDATE-WITHOUT-DIAGRAMS",
            "PM3-TOKEN-FOREIGN-CLIENT",
        ),
    ),
)
