"""Ledger: what a run created, and whether it was removed. Each change is written to the journal first."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NewType

from conformance.core.entry import Entry as Entry
from conformance.core.run_directory import RunDirectory, worker_of
from conformance.wire import journal
from conformance.wire.journal import Unwritable

MARK: Final = "conf"
GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NAMES: Final = re.compile(rf"{MARK} \w+ \S+ \d+ ([0-9a-f]{{6}})|\b{MARK}([0-9a-f]{{12}})\b")
"""Finds the names that runs give: in the one group or the other is what no other name has."""
DIGESTS_A_LINE: Final = 1_000
Ours = NewType("Ours", str)
"""An identifier that is proved to be the run's own; only what proves it makes one (`ownership`)."""


UNSEEN: Final = "its creation was requested, and nothing shows whether it exists"
"""Why something is left whose identifier the run never learned."""


@dataclass
class Ledger:
    """What this worker created. `run` is the mark that every name of the run carries.

    `hide` takes secrets out of what the target says: it may answer one where an identifier should stand.
    """

    path: Path | None
    run: str
    worker: str = "main"
    entries: dict[str, Entry] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    residue: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    kept: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """By key: why something could not be removed, and whether no operation of the target can."""
    outside: set[str] = field(default_factory=set)
    doubtful: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By key: the identifier of what was created and is not proved to be the run's own, and why. It stays."""
    before: set[str] = field(default_factory=set)
    """What was there before the run created anything, as digests: other people's identifiers are not kept."""
    started: dict[str, tuple[str, str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    """What a response named, other than that of a create: as long as nothing proves it, it may be somebody else's."""
    targets: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By system: the server on which it was created, as `identity` names it."""
    elsewhere: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By system: another server that a journal names as well, so that nobody knows what is where."""
    absent: set[str] = field(default_factory=set)
    """By key: what needed no removal, since nothing had come into being or it was gone already."""
    damaged: list[int] = field(default_factory=list)
    """The lines of a journal that was read back which say nothing that a run would have written."""
    hide: Callable[[str], str] = str
    _proved: set[str] = field(default_factory=set)
    _targets_noted: set[str] = field(default_factory=set)
    _made_up: set[str] = field(default_factory=set)
    _surveyed: set[str] = field(default_factory=set)
    _serial: int = 0

    def name(self, label: str = "") -> str:
        """A new unique name, letters and digits and blanks only, that carries the mark of the run."""
        self._serial += 1
        tail = secrets.token_hex(3)
        return f"{MARK} {self.run} {self.worker} {self._serial} {tail}" + (f" {label}" if label else "")

    def word(self) -> str:
        """A new unique name without blanks, for what stands beside a `name`: it cannot carry the mark of the run."""
        return MARK + secrets.token_hex(6)

    def is_ours(self, name: str) -> bool:
        """Whether a name carries the mark of this run."""
        return f"{MARK} {self.run} " in name

    def speaks_of_ours(self, text: str) -> bool:
        """Whether a text carries a name of this run, or the identifier of something that this worker started."""
        return self.is_ours(text) or any(one in text for one in self.started)

    @property
    def moment(self) -> tuple[int, int]:
        """How much was named and started so far, for `made_since`."""
        return self._serial, len(self.started)

    def made_since(self, moment: tuple[int, int], text: str) -> bool | None:
        """Whether a text speaks of something that this worker named or started since; None: of nothing of the run."""
        serial, started = moment
        if any(one in text for one in list(self.started)[started:]):
            return True
        found = re.findall(rf"{MARK} {re.escape(self.run)} (\S+) (\d+) ", text)
        return any(worker == self.worker and int(number) > serial for worker, number in found) if found else None

    def made_up(self, length: int = 32) -> str:
        """A new identifier that cannot exist on the target: random hexadecimal digits, remembered."""
        value = secrets.token_hex((length + 1) // 2)[:length]
        self._made_up.add(value)
        return value

    def made_up_guid(self) -> str:
        """A made-up identifier in the form of a GUID."""
        digits = secrets.token_hex(16)
        value = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        self._made_up.add(value)
        return value

    def made_up_number(self) -> str:
        """A made-up identifier that is a number: too high for any that the target has, low enough for its database."""
        value = str(1_900_000_000 + secrets.randbelow(200_000_000))
        self._made_up.add(value)
        return value

    def made_up_like(self, known: str) -> str:
        """A made-up identifier in the form of a known one: a number, a GUID, or hexadecimal digits."""
        if known.isascii() and known.isdigit():
            return self.made_up_number()
        return self.made_up_guid() if GUID.fullmatch(known) else self.made_up(max(len(known), 12))

    def is_made_up(self, identifier: str) -> bool:
        """Whether an identifier was made up by this run."""
        return identifier in self._made_up

    def intend(
        self, system: str, kind: str, operation: str, name: str, within: Mapping[str, str] | None = None
    ) -> Entry:
        """Journal that something is about to be created; returns the entry to complete later.

        Raises:
            Unwritable: the journal takes nothing more, so nothing may be created.
        """
        self._serial += 1
        entry = Entry(f"{self.worker}-{self._serial}", system, kind, operation, name, within=within or {})
        self.entries[entry.key] = entry
        if system in self.targets and system not in self._targets_noted:
            self._note("target", system=system, **self.targets[system])
            self._targets_noted.add(system)
        told: dict[str, Any] = {"key": entry.key, "system": system, "kind": kind, "operation": operation, "name": name}
        try:
            journal.append(self.path, "intent", run=self.run, **told, **({"within": dict(within)} if within else {}))
        except OSError as error:
            del self.entries[entry.key]
            raise Unwritable(self.path or Path(), error) from None
        return entry

    def answered(self, entry: Entry) -> None:
        """Journal that a create was accepted: whatever it made is there, also as long as it was not found."""
        self.accepted.add(entry.key)
        self._note("accepted", key=entry.key)

    def declined(self, entry: Entry) -> None:
        """Journal that a create was refused: it may have made something all the same, where a list shows that."""
        self.refused.add(entry.key)
        self._note("refused", key=entry.key)

    def turned_away(self, entry: Entry) -> None:
        """Journal that a create was not let in: it made nothing, unless a list shows what it made."""
        self.outside.add(entry.key)
        self.accepted.discard(entry.key)
        self._note("turned away", key=entry.key)

    def unknown(self, entry: Entry) -> bool:
        """Whether nothing is known of what came of a create: its response was lost, or is a gateway's."""
        told = (self.accepted, self.refused, self.outside, self.removed)
        return not any(entry.key in keys for keys in told) and not self.entries[entry.key].identifier

    def surveys(self, system: str, kind: str, within: Mapping[str, str]) -> bool:
        """Whether what is there of a kind, within something, is still to be noted; from now on it is not."""
        place = json.dumps([system, kind, sorted(within.items())])
        new = place not in self._surveyed
        self._surveyed.add(place)
        return new

    def surveyed(self, system: str, kind: str, within: Mapping[str, str], found: Iterable[str], *, whole: bool) -> None:
        """Journal what was there of a kind before the first create of it; `whole`: and that there was nothing else."""
        digests = sorted({digest(system, kind, one) for one in found})
        self.before.update(digests)
        told = {"system": system, "kind": kind, "within": dict(within), "whole": whole}
        for start in range(0, max(1, len(digests)), DIGESTS_A_LINE):
            self._note("there", **told, digests=digests[start : start + DIGESTS_A_LINE])

    def was_there(self, system: str, kind: str, identifier: str) -> bool:
        """Whether a list showed an identifier before the first create of a kind."""
        return digest(system, kind, identifier) in self.before

    def had(self, identifier: str, *, before: bool = False) -> bool:
        """Whether something of the run's own has or had an identifier, in any of its workers.

        With `before`, something else than the one thing that has it now.
        """
        own = sum(identifier == one.identifier for one in self.entries.values())
        return own > int(before) or any(
            event["event"] == "created" and event["identifier"] == identifier
            for path in (RunDirectory(self.path.parent).journals() if self.path else ())
            if not before or path != self.path
            for _, event in journal.events(path, [])
        )

    def unproved(self, entry: Entry, identifier: str, why: str) -> Entry:
        """Journal that something was created that is not proved to be the run's own; it is never changed, and stays."""
        self.doubtful[entry.key] = (identifier, why)
        self._note("unproved", key=entry.key, identifier=self.hide(identifier), why=why)
        return replace(entry, identifier=identifier)

    def doubts(self, kind: str, identifier: str) -> bool:
        """Whether an identifier names something of a kind that is not proved to be the run's own.

        What a response named without creating it has no kind: it may be whatever the server likes.
        """
        claimed = (self.entries[key].kind for key, (one, _) in self.doubtful.items() if one == identifier)
        hearsay = identifier in self.named and identifier not in self._proved and not self._created(identifier)
        return bool(identifier) and (hearsay or kind in claimed)

    def proved(self, identifier: Ours) -> None:
        """Take something that a response `named` for the run's own from now on."""
        self._proved.add(identifier)

    def created(self, entry: Entry, identifier: Ours) -> Entry:
        """Journal the identifier under which the target knows what was created."""
        known = replace(entry, identifier=identifier)
        self.entries[entry.key] = known
        self._note("created", key=entry.key, identifier=self.hide(identifier))
        return known

    def withdrawn(self, entry: Entry) -> None:
        """Journal that nothing came into being: the create was refused and left nothing behind."""
        self.removed.add(entry.key)
        self.absent.add(entry.key)
        self._note("withdrawn", key=entry.key)

    def gone(self, identifier: str) -> None:
        """Journal that something of ours no longer exists."""
        for entry in self.entries.values():
            if entry.identifier == identifier and entry.key not in self.removed:
                self.removed.add(entry.key)
                self._note("removed", key=entry.key)

    def keep(self, identifier: str, why: str, *, permanent: bool = False) -> None:
        """Journal why something of ours was not removed; `permanent` says that the target has no way to remove it."""
        for entry in self.open():
            if entry.identifier == identifier and self.kept.get(entry.key) != (why, permanent):
                self.kept[entry.key] = (why, permanent)
                self._note("kept", key=entry.key, why=self.hide(why), permanent=permanent)

    def remains(self, system: str, kind: str, identifier: str = "") -> None:
        """Count something that no documented operation can remove; whether it is what `identifier` names is hearsay."""
        self.residue[system, kind] += 1
        if identifier:
            self.started[identifier] = (system, kind)
            self.named.add(identifier)
        self._note("residue", system=system, kind=kind, identifier=self.hide(identifier))

    def within(self, identifier: str) -> Mapping[str, str]:
        """The path parameters of what something of ours is a part of; none where it stands by itself."""
        return next((entry.within for entry in self.entries.values() if entry.identifier == identifier), {})

    def name_of(self, identifier: str) -> str:
        """The unique name of what has an identifier; empty where it has none."""
        return next((entry.name for entry in self.entries.values() if entry.identifier == identifier), "")

    def owns(self, identifier: str) -> bool:
        """Whether an identifier names something that this run made, also if it was removed meanwhile.

        It may not be proved: see `doubts`.
        """
        return bool(identifier) and (identifier in self.named or self._created(identifier))

    def _created(self, identifier: str) -> bool:
        return any(identifier == entry.identifier for entry in self.entries.values())

    def started_of(self, key: tuple[str, str]) -> list[str]:
        """The identifiers of what was started, of a system and kind."""
        return [identifier for identifier, one in self.started.items() if one == key]

    def open(self, system: str = "") -> list[Entry]:
        """What is still there, or may be, newest first: the order of removal."""
        done = self.removed | self.doubtful.keys()
        entries = [entry for entry in self.entries.values() if entry.key not in done]
        return [entry for entry in reversed(entries) if system in ("", entry.system)]

    def _note(self, event: str, **data: Any) -> None:
        """Journal what became of an intent. Without it a later sweep asks the target: to remove goes before to note."""
        with contextlib.suppress(OSError):
            journal.append(self.path, event, run=self.run, **data)


def read(path: Path) -> Ledger:
    """Read a journal back.

    A last line that was cut off by a kill is passed over. Any other line that no run would have written is noted in
    `damaged` and left out: who edited it, or what broke it, nobody knows.
    """
    ledger = Ledger(path=path, run="", worker=worker_of(path))
    for number, event in journal.events(path, ledger.damaged):
        if ledger.run not in ("", event["run"]) or not _taken(ledger, event):
            ledger.damaged.append(number)
        else:
            ledger.run = event["run"]
    ledger.damaged.sort()
    return ledger


def _taken(ledger: Ledger, event: Mapping[str, Any]) -> bool:
    """Enter an event into the ledger. Returns whether it can have happened there."""
    key = event.get("key", "")
    match event["event"]:
        case "target":
            named = {name: value for name, value in event.items() if name not in ("event", "run", "at", "system")}
            if ledger.targets.setdefault(event["system"], named) != named:
                ledger.elsewhere.setdefault(event["system"], named)
        case "intent":
            made = (event["system"], event["kind"], event["operation"], event["name"])
            within = event.get("within", {})
            if key in ledger.entries or not isinstance(within, dict):
                return False
            if not all(isinstance(one, str) for one in within.values()):
                return False
            ledger.entries[key] = Entry(key, *made, within=within)
        case "there":
            digests = event.get("digests")
            if not isinstance(digests, list):
                return False
            ledger.before.update(map(str, digests))
        case "residue":
            ledger.residue[event["system"], event["kind"]] += 1
            if event["identifier"]:
                ledger.started[event["identifier"]] = (event["system"], event["kind"])
                ledger.named.add(event["identifier"])
        case _ if key not in ledger.entries:
            return False
        case "created":
            if ledger.entries[key].identifier not in ("", event["identifier"]):
                return False
            ledger.entries[key] = replace(ledger.entries[key], identifier=event["identifier"])
        case "unproved":
            ledger.doubtful[key] = (event["identifier"], event["why"])
        case "accepted":
            ledger.accepted.add(key)
        case "refused":
            ledger.refused.add(key)
        case "turned away":
            ledger.outside.add(key)
            ledger.accepted.discard(key)
        case "removed" | "withdrawn":
            ledger.removed.add(key)
        case "kept":
            ledger.kept[key] = (event["why"], event.get("permanent") is True)
    return True


def digest(system: str, kind: str, identifier: str) -> str:
    """What is kept of an identifier, however a server spells it: in any letters, as a number or a GUID in braces."""
    plain = re.sub(r"[-{}\s]", "", identifier).casefold().lstrip("0")
    return hashlib.sha256(f"{system}\0{kind}\0{plain}".encode("utf-8", "replace")).hexdigest()[:24]
