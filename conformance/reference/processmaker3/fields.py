"""The fields of ProcessMaker 3 projects: what a request may send, and the defaults of what it does not send."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Check = Callable[[str, Any], Any]
Data = dict[str, Any]

_DIGITS: Final = re.compile(r"-?[0-9]{1,18}")


class Refused(Exception):
    """The request is refused: `status` is the HTTP status, the message says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def text(name: str, value: Any) -> str:
    """A string. Raises Refused."""
    if not isinstance(value, str):
        raise Refused(f"`{name}` must be a string.")
    return value


def optional_text(name: str, value: Any) -> str | None:
    """A string or null. Raises Refused."""
    return None if value is None else text(name, value)


def title(name: str, value: Any) -> str:
    """A string that holds more than blanks. Raises Refused."""
    if not text(name, value).strip():
        raise Refused(f"`{name}` is required and must not be empty.")
    return str(value)


def integer(name: str, value: Any) -> int:
    """A number without a fraction, or a string of digits. Raises Refused."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Refused(f"`{name}` must be an integer.")


def digits(name: str, value: Any) -> str | None:
    """An integer in the form in which definitions show it: a string of digits; null stays null. Raises Refused."""
    return None if value is None else str(integer(name, value))


def one_of(*values: Any, of: Check = text) -> Check:
    """A check for one of `values`."""

    def check(name: str, value: Any) -> Any:
        found = of(name, value)
        if found not in values:
            raise Refused(f"`{name}` must be one of: {', '.join(str(value) for value in values)}.")
        return found

    return check


def objects(name: str, value: Any) -> list[Data]:
    """A list of JSON objects. Raises Refused."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Refused(f"`{name}` must be an array of objects.")
    return value


def points(name: str, value: Any) -> list[dict[str, int]]:
    """The points of a flow; null means none. Raises Refused."""
    return [
        {axis: integer(f"{name}/{axis}", point.get(axis)) for axis in ("x", "y")}
        for point in objects(name, [] if value is None else value)
    ]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of diagram element.

    `fields` maps each field except the identifier to its check and its default; `create` and `update` name the fields
    that a request must have.
    """

    list_name: str
    prefix: str
    table: str
    fields: dict[str, tuple[Check, Any]]
    create: tuple[str, ...]
    update: tuple[str, ...]

    @property
    def uid(self) -> str:
        """The field that holds the identifier."""
        return f"{self.prefix}_uid"

    def read(self, data: Data, required: tuple[str, ...]) -> Data:
        """The element that `data` describes, without its identifier. Raises Refused."""
        for name in required:
            if name not in data or (data[name] is None and name not in _NULLABLE):
                raise Refused(f"`{name}` is required in each element of `{self.list_name}`.")
        element = {
            name: check(name, data[name]) if name in data else default for name, (check, default) in self.fields.items()
        }
        if "evn_behavior" in element and element["evn_behavior"] is None:
            element["evn_behavior"] = "THROW" if element["evn_type"] == "END" else "CATCH"
        return element


_BOX: Final = ("bou_x", "bou_y", "bou_width", "bou_height")
_BOUNDS: Final[dict[str, tuple[Check, Any]]] = {
    **dict.fromkeys(_BOX, (digits, "0")),
    "bou_container": (optional_text, "bpmnDiagram"),
}
# The examples send null for these although they are required.
_NULLABLE: Final = ("flo_name", "flo_condition")


def _named(check: Check, default: Any, names: str) -> dict[str, tuple[Check, Any]]:
    return dict.fromkeys(names.split(), (check, default))


ACTIVITY: Final = Kind(
    "activities",
    "act",
    "ACTIVITY",
    {
        **_named(text, "", "act_name"),
        "act_type": (one_of("TASK", "SUB_PROCESS"), "TASK"),
        **_named(digits, "0", "act_is_for_compensation"),
        **_named(digits, "1", "act_start_quantity act_completion_quantity"),
        **_named(optional_text, "EMPTY", "act_task_type"),
        **_named(optional_text, "", "act_implementation"),
        **_named(digits, "0", "act_instantiate"),
        **_named(optional_text, "", "act_script_type act_script"),
        **_named(optional_text, "NONE", "act_loop_type"),
        **_named(digits, "0", "act_test_before act_loop_maximum"),
        **_named(optional_text, "", "act_loop_condition"),
        **_named(digits, "0", "act_loop_cardinality"),
        **_named(optional_text, "", "act_loop_behavior"),
        **_named(digits, "0", "act_is_adhoc act_is_collapsed"),
        **_named(optional_text, "", "act_completion_condition act_ordering"),
        **_named(digits, "0", "act_cancel_remaining_instances"),
        **_named(optional_text, "", "act_protocol act_method"),
        **_named(digits, "0", "act_is_global"),
        **_named(optional_text, "", "act_referer act_default_flow act_master_diagram"),
        **_BOUNDS,
    },
    create=("act_name", "act_type", *_BOX),
    update=("act_uid", "act_name", "act_type", *_BOX),
)

EVENT: Final = Kind(
    "events",
    "evn",
    "EVENT",
    {
        **_named(optional_text, "", "evn_name"),
        "evn_type": (one_of("START", "END"), "START"),
        "evn_marker": (one_of("EMPTY", "TIMER", "MESSAGE"), "EMPTY"),
        **_named(digits, "1", "evn_is_interrupting"),
        **_named(digits, "0", "evn_cancel_activity"),
        **_named(optional_text, None, "evn_activity_ref"),
        **_named(digits, "0", "evn_wait_for_completion"),
        **_named(optional_text, None, "evn_error_name evn_error_code evn_escalation_name evn_escalation_code"),
        **_named(optional_text, "", "evn_message"),
        **_named(optional_text, None, "evn_operation_name evn_operation_implementation_ref evn_time_date"),
        **_named(optional_text, None, "evn_time_cycle evn_time_duration evn_behavior"),
        **_BOUNDS,
    },
    create=("evn_type", "evn_marker", *_BOX),
    update=("evn_uid", "evn_name", "evn_type", "evn_marker", *_BOX),
)

GATEWAY: Final = Kind(
    "gateways",
    "gat",
    "GATEWAY",
    {
        **_named(text, "", "gat_name"),
        "gat_type": (one_of("EXCLUSIVE", "INCLUSIVE", "PARALLEL", "COMPLEX"), "EXCLUSIVE"),
        "gat_direction": (one_of("DIVERGING", "CONVERGING"), "DIVERGING"),
        **_named(digits, "0", "gat_instantiate"),
        **_named(optional_text, "", "gat_event_gateway_type gat_default_flow"),
        **_BOUNDS,
    },
    create=("gat_name", "gat_type", "gat_direction", *_BOX),
    update=("gat_uid", "gat_name", "gat_type", "gat_direction", *_BOX),
)

ARTIFACT: Final = Kind(
    "artifacts",
    "art",
    "ARTIFACT",
    {
        "art_type": (one_of("TEXT_ANNOTATION", "VERTICAL_LINE", "HORIZONTAL_LINE"), "TEXT_ANNOTATION"),
        **_named(text, "", "art_name"),
        **_named(optional_text, None, "art_category_ref"),
        **_BOUNDS,
    },
    create=("art_type", "art_name", *_BOX),
    update=("art_uid", "art_type", "art_name", *_BOX),
)

_FLOW: Final = (
    *("flo_type", "flo_name", "flo_element_origin_type", "flo_element_dest", "flo_element_dest_type"),
    *("flo_is_inmediate", "flo_condition", "flo_x1", "flo_y1", "flo_x2", "flo_y2"),
)
FLOW: Final = Kind(
    "flows",
    "flo",
    "FLOW",
    {
        "flo_type": (one_of("SEQUENCE"), "SEQUENCE"),
        **_named(optional_text, None, "flo_name flo_element_origin"),
        **_named(text, "", "flo_element_origin_type flo_element_dest flo_element_dest_type"),
        **_named(digits, "1", "flo_is_inmediate"),
        **_named(optional_text, None, "flo_condition"),
        **_named(digits, "0", "flo_x1 flo_y1 flo_x2 flo_y2"),
        "flo_state": (points, ()),
    },
    create=_FLOW,
    update=("flo_uid", *_FLOW),
)

KINDS: Final = (ACTIVITY, EVENT, GATEWAY, FLOW, ARTIFACT)
"""The kinds in the order in which a definition lists them."""

PROJECT_TEXTS: Final[dict[str, str | None]] = {
    "prj_target_namespace": "",
    "prj_expresion_language": None,
    "prj_type_language": None,
    "prj_exporter": None,
    "prj_exporter_version": None,
    "prj_author_version": None,
    "prj_original_source": None,
}
"""Fields of a project that are kept as they are sent, with their defaults."""

_TRIGGERS: Final = tuple(
    f"pro_tri_{moment}" for moment in ("create", "open", "deleted", "canceled", "paused", "reassigned", "unpaused")
)
_FLAG: Final = one_of(0, 1, of=integer)

PROCESS_UPDATE: Final[dict[str, Check]] = {
    "pro_title": title,
    "pro_description": text,
    "pro_parent": text,
    "pro_status": one_of("ACTIVE", "INACTIVE"),
    "pro_show_message": _FLAG,
    "pro_subprocess": _FLAG,
    **dict.fromkeys(_TRIGGERS, text),
    "pro_type_process": one_of("PUBLIC", "PRIVATE"),
    "pro_category": text,
    "pro_debug": _FLAG,
    "pro_derivation_screen_tpl": text,
    "pro_summary_dynaform": text,
    "pro_cost": integer,
    "pro_unit_cost": text,
    "pro_calendar": text,
}
"""What an update of a process may send."""


def new_process(uid: str, name: str, description: str, category: str, user: str, date: str, *, bpmn: bool) -> Data:
    """The process of a new project, in the order of the documented example; dates are in ISO 8601."""
    return {
        "pro_uid": uid,
        "pro_title": name,
        "pro_description": description,
        "pro_parent": "",
        "pro_time": 1,
        "pro_timeunit": "DAYS",
        "pro_status": "ACTIVE",
        "pro_type_day": "",
        "pro_type": "NORMAL",
        "pro_assignment": 0,
        "pro_show_map": 0,
        "pro_show_message": 0,
        "pro_subprocess": 0,
        **dict.fromkeys(_TRIGGERS, ""),
        "pro_type_process": "PUBLIC",
        "pro_show_delegate": 0,
        "pro_show_dynaform": 0,
        "pro_category": category,
        "pro_sub_category": "",
        "pro_industry": 0,
        "pro_update_date": date,
        "pro_create_date": date,
        "pro_create_user": user,
        "pro_debug": 0,
        "pro_derivation_screen_tpl": "",
        "pro_cost": 0,
        "pro_unit_cost": "$",
        "pro_itee": 1,
        "pro_bpmn": int(bpmn),
        "pro_summary_dynaform": "",
        "pro_calendar": "",
    }
