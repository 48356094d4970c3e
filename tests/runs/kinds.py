"""Kinds of defects that the named faults of the references represent, and the faults of each kind.

A suite that finds one defect of a kind may miss the next. `python -m tests.runs.kinds` prints the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from conformance.reference import known_faults
from conformance.spec.specification import SYSTEMS

PM3: Final = "processmaker3"
PM4: Final = "processmaker4"
PRO: Final = "procesio"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its name, the faults that show it, and the systems in which it cannot occur, with the reason.

    A `*` in the name of a fault matches any text.
    """

    name: str
    shown_by: tuple[str, ...]
    elsewhere: dict[str, str] = field(default_factory=dict)

    def faults(self, system: str) -> list[str]:
        """The faults of a system that show the kind."""
        known = known_faults(system)
        return [fault for fault in known if any(matches(fault, value) for value in self.shown_by)]

    def applies(self, system: str) -> bool:
        """Whether a server of the system can have such a defect."""
        return system not in self.elsewhere


def matches(fault: str, pattern: str) -> bool:
    """Whether a pattern matches a fault."""
    return fnmatchcase(fault, pattern)


ONE_OPERATION: Final = "it has one operation"
NO_LIST: Final = "none of its operations lists anything"
NO_PERMISSIONS: Final = "no document speaks of permissions"
NOTHING_CHANGES: Final = "no operation changes anything"

KINDS: Final = (
    Kind(
        "a change, or none, that only values show: time stamps, trace ids and other text differ by themselves",
        (
            *("pm3-unassigned-as-text", "pm3-indoc-list-as-text", "pm3-variable-set-ignored", "pm3-bulk-missing"),
            *("pm3-unassigned-counted-only", "pm3-notes-refused-in-success"),
            *("pm4-same-answer-other-trace", "pm4-start-tells-only-when", "pm4-second-start-joins"),
            *("pm4-start-missing", "pm4-refusal-traced-only"),
            *("pro-toggle-touches-date", "pro-schedule-status-touches-date", "pro-delete-folder-orphans"),
            *(
                "pro-status-of-launched",
                "pro-launch-ignored",
                "pro-launch-queued-for-ever",
                "pro-toggle-counts-revision",
            ),
            *("pro-*-omit-and-mention", "pro-rename-folder-display-only"),
        ),
    ),
    Kind(
        "an operation is missing whose path is taken by another one",
        (
            *("pm3-bulk-missing", "pm3-indoc-delete-missing", "pm3-unassigned-missing", "pm3-department-read-missing"),
            "pm3-process-update-missing",
            *("pro-list-folders-missing", "pro-read-node-missing", "pro-list-credential-types-missing"),
            *("pro-list-primitive-missing", "pro-upload-test-credential-missing", "pro-rename-folder-missing"),
            "pro-validate-process-missing",
        ),
        {PM4: ONE_OPERATION},
    ),
    Kind(
        "a list leaves something out, and looks as if it were shown by the page",
        (
            *("pm3-users-unlisted", "pm3-department-unlisted", "pm3-unassigned-omits", "pm3-case-tasks-lack-current"),
            *("pm3-indoc-list-empty", "pm3-updated-not-listed", "pm3-*-capped", "pm3-unassigned-counted-only"),
            *("pro-create-*-not-listed", "pro-create-not-listed", "pro-modify-*-unlists", "pro-instances-incomplete"),
            *("pro-*-omit-and-mention", "pro-list-processes-capped", "pro-*-newest-only", "pro-list-keys-empty"),
        ),
        {PM4: NO_LIST},
    ),
    Kind(
        "an operation takes one right for another, and refuses whoever lacks more than that",
        ("pm3-*-by-participant", "pm3-*-by-caseworkers", "pm3-*-shows-caseworkers", "pm3-notes-for-assigned"),
        {PM4: NO_PERMISSIONS, PRO: NO_PERMISSIONS},
    ),
    Kind(
        "what others rest on goes wrong, and was hedged",
        (
            *("pm3-deleted-stays-listed", "pm3-import-of-exports-refused", "pm3-generate-nothing"),
            *("pm3-token-opens-nothing", "pm3-users-unlisted"),
            *(
                "pro-create-key-dead",
                "pro-payload-error",
                "pro-list-keys-empty",
                "pro-second-token-dead",
                "pro-toggle-once",
            ),
        ),
    ),
    Kind(
        "something is accepted, and has no effect",
        (
            *("pm3-*-ignored", "pm3-delete-keeps-project", "pm3-role-delete-keeps", "pm3-upload-lost"),
            *("pm3-import-*-nothing", "pm3-generate-nothing", "pm3-trigger-unsets-nothing"),
            *("pm3-*-says-false", "pm3-variable-set-beside"),
            *("pm4-data-dropped", "pm4-path-ignored", "pm4-data-names-only", "pm4-data-first-member"),
            *("pro-*-says-false", "pro-update-echoes-only", "pro-run-leaves-ready", "pro-publish-same-instance"),
            *("pro-*-ignored", "pro-delete-keeps-*", "pro-run-starts-nothing", "pro-toggle-once"),
            *("pro-rename-folder-adds", "pro-duplicate-schedule-nothing"),
        ),
    ),
    Kind(
        "the response is about another thing than the one that was asked for",
        (
            *("pm3-read-shows-another", "pm3-process-of-another", "pm3-export-other-workspace"),
            *("pm3-generate-bpmn-wrong-process", "pm3-process-same-uid", "pm3-case-task-wrong", "pm3-*-of-neighbour"),
            *("pm4-same-answer", "pm4-same-answer-other-trace", "pm4-data-of-first", "pm4-path-ignored"),
            *("pm4-path-echoed-only", "pm4-data-of-previous"),
            *("pro-read-*-config-of-*", "pro-read-*-newest", "pro-*-analytics-of-*", "pro-payload-of-first"),
            *("pro-find-data-type-by-prefix", "pro-*-takes-another", "pro-*-changes-another"),
            *("pro-read-*-other", "pro-find-data-type-other", "pro-category-other", "pro-payload-of-newest"),
            *(
                "pro-used-of-first",
                "pro-status-of-launched",
                "pro-process-analytics-of-first",
                "pro-instance-analytics-of-newest",
                "pro-credential-type-fields-of-other",
            ),
        ),
    ),
    Kind(
        "something is right after its creation, and wrong after an update",
        (
            *("pm3-list-name-stale", "pm3-updated-not-listed", "pm3-update-new-identifiers", "pm3-export-stale"),
            "pm3-update-flow-ends-dangling",
            *("pro-modify-*-unlists", "pro-modify-*-listed-as-before", "pro-publish-deactivates"),
            *("pro-renamed-folder-old-path", "pro-data-type-found-by-first-name", "pro-update-echoes-only"),
        ),
        {PM4: NOTHING_CHANGES},
    ),
    Kind(
        "a value is the other way round, of another type, or there in one place only",
        (
            *("pm3-department-last-*", "pm3-admin-role-code-text", "pm3-notes-code-text"),
            *("pm3-list-type-upper", "pm3-variables-*"),
            *("pm3-pmtable-*", "pm3-case-tasks-blank-status"),
            *("pm4-refusal-tells-nothing", "pm4-empty-refusal", "pm4-data-values-exchanged", "pm4-data-names-only"),
            *("pro-primitive-count-in-words", "pro-primitive-count-doubled", "pro-payload-error"),
            *("pro-primitive-list-holds-own", "pro-find-data-type-by-prefix"),
        ),
    ),
    Kind(
        "wrong credentials are taken for right ones, or what comes back of an export is not what went in",
        (
            *("pm3-token-any-*", "pm3-export-without-*", "pm3-import-loses-diagram"),
            *("pro-auth-any-*", "pro-api-key-any-*", "pro-rename-folder-ignored", "pro-toggle-once"),
        ),
        {PM4: "where its tokens come from is not documented"},
    ),
    Kind(
        "a stranger is served: without a token, with a wrong one, in another workspace",
        (
            *("pm3-*-without-token", "pm3-*-wrong-token", "pm3-*-any-workspace"),
            *("pm4-start-without-token", "pm4-wrong-token-accepted"),
            *("pm4-wrong-token-guest", "pm4-refusal-in-success"),
            *("pro-*-without-token", "pro-wrong-token-accepted", "pro-strangers-get-empty-list"),
        ),
    ),
    Kind(
        "one defect that shows in many operations and is to be blamed on one",
        (
            *("pm3-token-opens-nothing", "pm3-token-second-dead", "pm3-deleted-stays-listed", "pm3-export-cut-off"),
            *("pm3-read-shows-another", "pm3-create-unreadable"),
            *("pm4-start-html",),
            *(
                "pro-second-token-dead",
                "pro-token-opens-nothing",
                "pro-auth-no-token",
                "pro-delete-stays-listed",
                "pro-create-unreadable",
            ),
        ),
    ),
)


def rows(ran: Collection[str] | None = None) -> Iterable[str]:
    """The table in lines: for each kind the number of faults per system and, with `ran`, how many were run."""
    yield f"{'kind of defect':<104}" + "".join(f"{system:>16}" for system in SYSTEMS)
    for kind in KINDS:
        counts = []
        for system in SYSTEMS:
            faults = kind.faults(system)
            of = f"{len(set(faults) & set(ran))} of " if ran is not None else ""
            counts.append(f"{of}{len(faults)}" if kind.applies(system) else "-")
        yield f"{kind.name:<104}" + "".join(f"{count:>16}" for count in counts)


def table() -> str:
    """Each kind with its faults per system, or why there can be none."""
    lines = []
    for kind in KINDS:
        lines.append(kind.name)
        for system in SYSTEMS:
            faults = ", ".join(kind.faults(system)) if kind.applies(system) else f"- ({kind.elsewhere[system]})"
            lines.append(f"  {system}: {faults}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
