"""What a run created, and whether it was removed. Each change is written to the journal first."""

from __future__ import annotations

import contextlib
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
from conformance.wire.identifiers import GUID, digest, is_random
from conformance.wire.journal import Unwritable

MARK: Final = "conf"
NAMES: Final = re.compile(rf"{MARK} \w+ \S+ \d+ ([0-9a-f]{{6}})|\b{MARK}([0-9a-f]{{12}})\b")
"""The names that runs give. One of the groups contains what is unique to a name."""
DIGESTS_A_LINE: Final = 1_000
Ours = NewType("Ours", str)
"""An identifier that is proved to be the run's. Only `ownership` makes one."""


UNSEEN: Final = "its creation was requested, and nothing shows whether it exists"
"""The reason for a leftover whose identifier the run never learned."""


@dataclass
class Ledger:
    """What this worker created. `run` is the mark in every name of the run.

    `hide` removes secrets from what the target returns: it may return one in place of an identifier.
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
    """By key: why something could not be removed, and whether the target has no operation that can."""
    outside: set[str] = field(default_factory=set)
    doubtful: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By key: the identifier of what was created and is not proved to be the run's, and why. It stays."""
    before: set[str] = field(default_factory=set)
    """What existed before the run created anything, as digests: other people's identifiers are not stored."""
    started: dict[str, tuple[str, str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    """Identifiers in responses to other operations than creates: without proof, they may be somebody else's."""
    targets: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By system: the server on which resources were created, as named by `identity`."""
    elsewhere: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By system: another server in the same journal, so that it is unknown what is where."""
    absent: set[str] = field(default_factory=set)
    """By key: what needed no removal, because nothing was created or it was gone already."""
    damaged: list[int] = field(default_factory=list)
    """The numbers of invalid lines of the journal that was read."""
    hide: Callable[[str], str] = str
    _proved: set[str] = field(default_factory=set)
    _targets_noted: set[str] = field(default_factory=set)
    _made_up: set[str] = field(default_factory=set)
    _words: set[str] = field(default_factory=set)
    _surveyed: set[str] = field(default_factory=set)
    _unsettled: dict[str, None] = field(default_factory=dict)  # keys of what may exist, and of some that was removed
    _keys: dict[str, dict[str, None]] = field(default_factory=dict)  # the keys of the entries with an identifier
    _serial: int = 0

    def name(self, label: str = "") -> str:
        """A new unique name of letters, digits and blanks that carries the mark of the run."""
        self._serial += 1
        tail = secrets.token_hex(3)
        return f"{MARK} {self.run} {self.worker} {self._serial} {tail}" + (f" {label}" if label else "")

    def word(self) -> str:
        """A new unique name without blanks, next to a `name`: it cannot carry the mark of the run."""
        value = MARK + secrets.token_hex(6)
        self._words.add(value)
        return value

    def is_ours(self, name: str) -> bool:
        """Whether a name carries the mark of this run."""
        return f"{MARK} {self.run} " in name

    def mentions_ours(self, text: str) -> bool:
        """Whether a text contains a name of this run, or the identifier of something that this worker started."""
        return self.is_ours(text) or any(value in text for value in self.started)

    @property
    def moment(self) -> tuple[int, int]:
        """The numbers of names and starts so far, for `made_since`."""
        return self._serial, len(self.started)

    def made_since(self, moment: tuple[int, int], text: str) -> bool | None:
        """Whether a text contains something that this worker named or started since; None if it contains nothing of
        the run.
        """
        serial, started = moment
        if any(value in text for value in list(self.started)[started:]):
            return True
        found = re.findall(rf"{MARK} {re.escape(self.run)} (\S+) (\d+) ", text)
        return any(worker == self.worker and int(number) > serial for worker, number in found) if found else None

    def made_up(self, length: int = 32, after: str = "") -> str:
        """A new identifier that cannot exist on the target: `after` and random hexadecimal digits. It is remembered."""
        value = after + secrets.token_hex((length + 1) // 2)[:length]
        self._made_up.add(value)
        return value

    def made_up_guid(self) -> str:
        """A made-up identifier in the form of a GUID."""
        digits = secrets.token_hex(16)
        value = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        self._made_up.add(value)
        return value

    def made_up_number(self) -> str:
        """A made-up number: higher than any identifier of the target, low enough for its database."""
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

    def is_word(self, value: str) -> bool:
        """Whether this worker made a value up as a name without blanks, or as a password."""
        return value in self._words

    def intend(
        self, system: str, kind: str, operation: str, name: str, within: Mapping[str, str] | None = None
    ) -> Entry:
        """Journal that something is about to be created; returns its entry, to be completed later.

        Raises:
            Unwritable: the journal cannot be written, so nothing may be created.
        """
        self._serial += 1
        entry = Entry(f"{self.worker}-{self._serial}", system, kind, operation, name, within=within or {})
        self._enter(entry)
        if system in self.targets and system not in self._targets_noted:
            self._note("target", system=system, **self.targets[system])
            self._targets_noted.add(system)
        event: dict[str, Any] = {"key": entry.key, "system": system, "kind": kind, "operation": operation, "name": name}
        try:
            journal.append(self.path, "intent", run=self.run, **event, **({"within": dict(within)} if within else {}))
        except OSError as error:
            del self.entries[entry.key], self._unsettled[entry.key]
            raise Unwritable(self.path or Path(), error) from None
        return entry

    def record_accepted(self, entry: Entry) -> None:
        """Journal that a create was accepted: what it created exists, even if it was not found yet."""
        self.accepted.add(entry.key)
        self._note("accepted", key=entry.key)

    def record_refused(self, entry: Entry) -> None:
        """Journal that a create was refused: it may have created something, if a list shows that."""
        self.refused.add(entry.key)
        self._note("refused", key=entry.key)

    def turned_away(self, entry: Entry) -> None:
        """Journal that a create did not reach the API: it created nothing, unless a list shows it."""
        self.outside.add(entry.key)
        self.accepted.discard(entry.key)
        self._note("turned away", key=entry.key)

    def unknown(self, entry: Entry) -> bool:
        """Whether the result of a create is unknown: its response was lost, or came from a gateway."""
        known = (self.accepted, self.refused, self.outside, self.removed)
        return not any(entry.key in keys for keys in known) and not self.entries[entry.key].identifier

    def surveys(self, system: str, kind: str, within: Mapping[str, str]) -> bool:
        """Whether the existing resources of a kind, in a parent, are still to be recorded. True only once."""
        place = json.dumps([system, kind, sorted(within.items())])
        new = place not in self._surveyed
        self._surveyed.add(place)
        return new

    def surveyed(self, system: str, kind: str, within: Mapping[str, str], found: Iterable[str], *, whole: bool) -> None:
        """Journal what existed of a kind before the first create; `whole`: and that nothing else existed."""
        digests = sorted({digest(system, kind, value) for value in found})
        self.before.update(digests)
        event = {"system": system, "kind": kind, "within": dict(within), "whole": whole}
        for start in range(0, max(1, len(digests)), DIGESTS_A_LINE):
            self._note("there", **event, digests=digests[start : start + DIGESTS_A_LINE])

    def was_there(self, system: str, kind: str, identifier: str) -> bool:
        """Whether a list contained an identifier before the first create of a kind."""
        return digest(system, kind, identifier) in self.before

    def had(self, identifier: str, kind: str, *, before: bool = False) -> bool:
        """Whether a resource of the run of a kind has or had an identifier, in any of its workers.

        With `before`, another one than the resource that has it now.
        """
        own = len(self.with_identifier(identifier, kind))
        return own > int(before) or any(
            journal.has_created(path, identifier, kind)
            for path in (RunDirectory(self.path.parent).journals() if self.path else ())
            if not before or path != self.path
        )

    def unproved(self, entry: Entry, identifier: str, why: str) -> Entry:
        """Journal that something was created without proof that it is the run's. It is never changed, and stays."""
        self.doubtful[entry.key] = (identifier, why)
        self._note("unproved", key=entry.key, identifier=self.hide(identifier), why=why)
        return replace(entry, identifier=identifier)

    def doubts(self, kind: str, identifier: str) -> bool:
        """Whether an identifier names a resource of a kind that is not proved to be the run's.

        An identifier in a response to another operation than a create has no kind: it may name anything.
        """
        claimed = (self.entries[key].kind for key, (value, _) in self.doubtful.items() if value == identifier)
        hearsay = identifier in self.named and identifier not in self._proved and not self._keys.get(identifier)
        return bool(identifier) and (hearsay or kind in claimed)

    def proved(self, identifier: Ours) -> None:
        """Treat an identifier that a response `named` as the run's from now on."""
        self._proved.add(identifier)

    def created(self, entry: Entry, identifier: Ours) -> Entry:
        """Journal the identifier of what was created."""
        known = replace(entry, identifier=identifier)
        self._enter(known)
        self._note("created", key=entry.key, identifier=self.hide(identifier))
        return known

    def withdrawn(self, entry: Entry) -> None:
        """Journal that nothing was created: the create was refused and left nothing behind."""
        self.removed.add(entry.key)
        self.absent.add(entry.key)
        self._note("withdrawn", key=entry.key)

    def gone(self, identifier: str, kind: str = "") -> None:
        """Journal that a resource of the run no longer exists. `kind` is as in `with_identifier`."""
        for entry in self.with_identifier(identifier, kind):
            if entry.key not in self.removed:
                self.removed.add(entry.key)
                self._note("removed", key=entry.key)

    def keep(self, identifier: str, why: str, kind: str = "", *, permanent: bool = False) -> None:
        """Journal why a resource was not removed; `permanent`: the target has no operation that can."""
        for entry in self.open():
            named = entry.identifier == identifier and kind in ("", entry.kind)
            if named and self.kept.get(entry.key) != (why, permanent):
                self.kept[entry.key] = (why, permanent)
                self._note("kept", key=entry.key, why=self.hide(why), permanent=permanent)

    def remains(self, system: str, kind: str, identifier: str = "") -> None:
        """Count something that no documented operation can remove. That `identifier` names it is not proved."""
        self.residue[system, kind] += 1
        if identifier:
            self.started[identifier] = (system, kind)
            self.named.add(identifier)
        self._note("residue", system=system, kind=kind, identifier=self.hide(identifier))

    def within(self, identifier: str, kind: str = "") -> Mapping[str, str]:
        """The path parameters of the parent of a resource; none if it has no parent."""
        return next((entry.within for entry in self.with_identifier(identifier, kind)), {})

    def name_of(self, identifier: str, kind: str = "") -> str:
        """The unique name of the resource with an identifier; empty if it has none."""
        return next((entry.name for entry in self.with_identifier(identifier, kind)), "")

    def owns(self, identifier: str, kind: str = "") -> bool:
        """Whether an identifier names something that this run made, even if it was removed since.

        `kind` is as in `with_identifier`; an identifier of 32 random digits names nothing of another one. It may not
        be proved: see `doubts`.
        """
        if not kind or is_random(identifier):
            return bool(identifier) and (identifier in self.named or bool(self._keys.get(identifier)))
        _, started = self.started.get(identifier, ("", ""))
        return identifier in self._proved or started == kind or bool(self.with_identifier(identifier, kind))

    def with_identifier(self, identifier: str, kind: str = "") -> list[Entry]:
        """The entries of the resources that have or had an identifier, oldest first.

        A server may number each kind of its resources from 1: without a `kind`, they are those of all kinds.
        """
        entries = (self.entries[key] for key in self._keys.get(identifier, ()))
        return [entry for entry in entries if kind in ("", entry.kind)]

    def started_of(self, key: tuple[str, str]) -> list[str]:
        """The identifiers of what was started, of a system and kind."""
        return [identifier for identifier, pair in self.started.items() if pair == key]

    def open(self, system: str = "") -> list[Entry]:
        """What exists, or may exist, newest first: the order of removal."""
        for key in [value for value in self._unsettled if value in self.removed or value in self.doubtful]:
            del self._unsettled[key]
        entries = [self.entries[key] for key in self._unsettled]
        return [entry for entry in reversed(entries) if system in ("", entry.system)]

    def _enter(self, entry: Entry) -> None:
        """Add an entry, or replace it by one with an identifier. A long run has many, so nothing walks over all."""
        before = self.entries.get(entry.key)
        if before is None:
            self._unsettled[entry.key] = None
        else:
            self._keys.get(before.identifier, {}).pop(entry.key, None)
        self.entries[entry.key] = entry
        if entry.identifier:
            self._keys.setdefault(entry.identifier, {})[entry.key] = None

    def _note(self, event: str, **data: Any) -> None:
        """Journal the result of an intent. An error is ignored: a later sweep asks the target."""
        with contextlib.suppress(OSError):
            journal.append(self.path, event, run=self.run, **data)


def read(path: Path) -> Ledger:
    """Read a journal.

    A last line that was cut off is ignored. The number of any other invalid line is added to `damaged`, and the line is
    ignored, since nobody knows who edited it, or what broke it.
    """
    ledger = Ledger(path=path, run="", worker=worker_of(path))
    for number, event in journal.events(path, ledger.damaged):
        if ledger.run not in ("", event["run"]) or not _apply(ledger, event):
            ledger.damaged.append(number)
        else:
            ledger.run = event["run"]
    ledger.damaged.sort()
    return ledger


def _apply(ledger: Ledger, event: Mapping[str, Any]) -> bool:
    """Apply an event to the ledger. Returns whether it is consistent with it."""
    key = event.get("key", "")
    match event["event"]:
        case "target":
            identity = {name: value for name, value in event.items() if name not in ("event", "run", "at", "system")}
            if ledger.targets.setdefault(event["system"], identity) != identity:
                ledger.elsewhere.setdefault(event["system"], identity)
        case "intent":
            intent = (event["system"], event["kind"], event["operation"], event["name"])
            within = event.get("within", {})
            if key in ledger.entries or not isinstance(within, dict):
                return False
            if not all(isinstance(item, str) for item in within.values()):
                return False
            ledger._enter(Entry(key, *intent, within=within))
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
            ledger._enter(replace(ledger.entries[key], identifier=event["identifier"]))
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
