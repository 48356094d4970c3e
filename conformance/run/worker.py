"""One process of a run: opens the sessions, and logs the verdicts of each test."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.run_directory import RunDirectory
from conformance.core.verdict import CHANGES_NOTHING, Kind, Outcome, Verdict
from conformance.engine import shapes
from conformance.engine.recorder import Recorder
from conformance.engine.session import Session
from conformance.run.chain import Chains
from conformance.run.exclusion import needs_exclusive_fixtures
from conformance.run.quota import WorkerQuota
from conformance.run.repetition import Repetition
from conformance.run.worker_log import LastWord, WorkerLog
from conformance.spec.specification import Specification
from conformance.target.system_table import TOKEN_URL, SystemTable, identity, urls
from conformance.target.target import Safety, Target
from conformance.wire.client import Client
from conformance.wire.credentials import PUBLIC
from conformance.wire.evidence import Evidence
from conformance.wire.guard import CREATING, Allowance, Policy
from conformance.wire.ledger import Entry, Ledger
from conformance.wire.limits import Account
from conformance.wire.logins import TOKEN_REQUEST, credentials, derived_secrets
from conformance.wire.redact import KEY_FIELDS, SECRET_FIELDS, Redactor, secrets_in
from conformance.wire.tokens import Tokens
from conformance.wire.transport import build_client

ISSUED: Final = "TOKEN_"  # followed by a number, the placeholder of a secret from the server
# kinds of deviations that may depend on earlier requests
STATEFUL_KINDS: Final = (Kind.ABSENT, Kind.EFFECT, Kind.READ_BACK, Kind.VALUE)
FIXTURES: Final = "fixtures"  # the slot for tests that change fixtures: one of the run at a time


@dataclass
class Worker:
    """The state of one worker: its ledger, its sessions, and what it measured.

    `until` is when the run's time budget is used up, on the monotonic clock. `tokens` gives access to the tokens that
    all workers share. Counts of limits are stored in the run's directory, otherwise in `shared`.
    """

    target: Target
    run: str
    name: str = "main"
    output: Path | None = None
    quota: WorkerQuota = field(default_factory=WorkerQuota)
    until: float = math.inf
    problems: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    tokens: Tokens | None = None
    shared: Account | None = None
    seen: shapes.Shapes = field(default_factory=dict)
    durations: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        words = frozenset[str]().union(*(self.target.table(system).known.words for system in self.target.systems))
        self.redactor = Redactor(
            {**self.target.secrets(), **derived_secrets(self.target)},
            PUBLIC,
            words,
            made_up=lambda value: self.ledger.is_made_up(value),
            own=lambda value: self.ledger.is_word(value),
        )
        self.sessions: dict[str, Session] = {}
        self._clients: list[Any] = []
        self._secret_fields: dict[str, str] = {}
        self._entries_before: frozenset[str] = frozenset()
        self._moment = (0, 0)  # start of the current test
        self._deterministic = False
        self.account = self.shared or Account(worker=self.name, until=self.until)
        self.directory = RunDirectory(self.output) if self.output else None
        if self.directory:
            self.directory.account.mkdir(parents=True, exist_ok=True)
            self.account = Account(
                self.directory.account, self.name, self.quota.workers, self.until, alone=self.quota.workers == 1
            )
        self.log = WorkerLog(self.directory.log(self.name) if self.directory else None, self.redactor.text)
        self.log.begin()
        journal = self.directory.journal(self.name) if self.directory else None
        self.ledger = Ledger(path=journal, run=self.run, worker=self.name, hide=self.redactor.text)

    def session(self, system: str, ledger: Ledger | None = None) -> Session:
        """The session of a system, opened on first use. Nothing is sent yet."""
        if system not in self.sessions:
            self.sessions[system] = self._open(system, ledger or self.ledger)
        return self.sessions[system]

    def _open(self, system: str, ledger: Ledger) -> Session:
        table = self.target.table(system)
        spec = table.specification()
        secret = {"token": SECRET_FIELDS, "api_key": KEY_FIELDS}
        handing_out = (entry for entry in spec.operations.values() if entry.resource in secret)
        self._secret_fields.update((entry.id, secret[entry.resource]) for entry in handing_out)
        self._secret_fields[TOKEN_REQUEST] = SECRET_FIELDS
        limits = Allowance(
            self.quota.shard.part(self.target.limits.open_resources),
            self.quota.executions(self.target, spec),
            self.account,
        )
        policy = Policy(
            specification=spec,
            ledger=ledger,
            safety=self.target.safety.level,
            urls=frozenset(url for key, url in urls(table).items() if key != TOKEN_URL),
            token_url=urls(table).get(TOKEN_URL, ""),
            fixtures=table.identifiers,
            may_change=table.may_change,
            limits=limits,
        )
        failed: Counter[str] = Counter()
        http = build_client(
            self.target,
            policy,
            account=self.account,
            shard=self.quota.shard,
            failed=lambda kind: failed.update([kind]),
        )
        self._clients.append(http)
        lists = _lists(spec)
        ledger.targets.setdefault(system, identity(table))

        def saw(exchange: Exchange) -> None:
            self._observe(exchange)
            if self._deterministic and exchange.has_response and exchange.operation in spec.operations:
                operation = spec.operations[exchange.operation]
                anybodys = operation.id not in lists

                # Items of another worker's or an earlier test differ from run to run.
                def noted(item: str) -> bool:
                    made = ledger.made_since(self._moment, item)
                    return anybodys if made is None else made

                shapes.note(self.seen, operation, exchange, noted=noted, values=not self._reads_only)

        evidence = Evidence(
            self.directory.worker_exchanges(self.name) if self.directory else None,
            self.redactor,
            lists=lists,
            others=frozenset(entry.id for entry in spec.operations.values() if entry.confidential or self._reads_only),
            foreign=lambda text: not ledger.mentions_ours(text),
            seen=saw,
        )
        client = Client(
            spec,
            http,
            urls(table),
            evidence,
            constants=table.constants,
            worker=self.name,
            elsewhere=_elsewhere(table, spec),
        )
        store = self.tokens.of(system) if self.tokens else None
        shown = credentials(table, client, self.redactor, lambda: ledger.remains(system, "token"), store)
        session = Session(
            table,
            client,
            shown,
            ledger,
            settle=self.target.settle,
            safety=self.target.safety.level,
            account=self.account,
        )
        session.requester.delivery.failed = failed
        return session

    @property
    def _reads_only(self) -> bool:
        """Whether all resources belong to others: then no value is stored."""
        return self.target.safety.level is Safety.READ_ONLY

    def _observe(self, exchange: Exchange) -> None:
        """Record the duration of an exchange, and the secrets in its response."""
        self.durations.setdefault(exchange.operation, []).append(exchange.seconds)
        if exchange.has_response and exchange.operation in self._secret_fields:
            with contextlib.suppress(NotJson):
                found = secrets_in(exchange.response.json, self._secret_fields[exchange.operation])
                issued = [secret for secret in found if not self.ledger.is_ours(secret)]  # which is a name
                self.redactor.learn_all(ISSUED, issued, numbered=True)  # a token is a secret for every user

    def begin(self, system: str, cited: Iterable[str], *, deterministic: bool = True) -> tuple[Session, Recorder]:
        """Give the session of a system a new recorder, for one test.

        A `deterministic` test sends the same requests in every run. Shapes are collected from such tests only, so that
        runs can be compared. A test of a fixture that tests change waits until no other worker runs such a test.
        """
        session, cited = self.session(system), tuple(cited)
        if needs_exclusive_fixtures(session.specification, session.table, cited):
            self.account.enter(FIXTURES, 1)
        self._deterministic = deterministic
        self._entries_before = frozenset(self.ledger.entries)
        self._moment = self.ledger.moment
        session.recorder = Recorder(session.specification, cited, without_values=self._reads_only)
        return session, session.recorder

    def end(
        self,
        session: Session,
        recorder: Recorder,
        test: dict[str, Any],
        *,
        passed_over: bool = False,
        repeats: bool = False,
    ) -> None:
        """Store the verdicts of a test and the exchanges that they cite, and remove what it created.

        `passed_over`: another plugin or fixture skipped or ended the test. Of a test that `repeats` another, only what
        it confirms is stored. Raises Unwritable.
        """
        self.account.leave(FIXTURES)
        if repeats:
            self.log.repetition(str(test["id"]), Repetition.of(recorder.verdicts))
            recorder.verdicts.clear()
            self._finish(session, recorder, test)
            return
        verdicts = self._with_chains(session, recorder.verdicts)
        self._cite(session, verdicts)
        self.log.test(test, verdicts, passed_over=passed_over)
        self._finish(session, recorder, test)

    def _finish(self, session: Session, recorder: Recorder, test: dict[str, Any]) -> None:
        """Remove what a test created."""
        recorder.end(str(test["id"]))
        session.recorder = Recorder(session.specification)
        session.credentials.release()
        with self.account.cleaning():
            session.sweep(self._entries_before, wait=False)
        session.recorder.end(str(test["id"]))
        self._record_removal(session, str(test["id"]))
        session.resources.removal.assign(str(test["id"]))
        self.account.still_opened(len(self.ledger.open()))
        self.account.leave(CREATING)
        session.client.evidence.forget()

    def _record_removal(self, session: Session, current: str = "") -> None:
        """Store the deviations that the removal of resources showed since the last call, by the tests that created
        these.
        """
        found = session.resources.removal.found
        for test, recorder in found.items():
            verdicts = self._with_chains(session, recorder.verdicts)
            self._cite(session, verdicts)
            self.log.removal(test or current, verdicts)
        found.clear()

    def _cite(self, session: Session, verdicts: Iterable[Verdict]) -> None:
        """Store the exchanges that verdicts cite. Raises Unwritable."""
        session.client.evidence.cite(value for verdict in verdicts for value in (*verdict.evidence, *verdict.chain))

    def _with_chains(self, session: Session, verdicts: list[Verdict]) -> list[Verdict]:
        """Add to each deviation the exchanges that reproduce it, unless its test has done so."""
        if all(verdict.outcome is not Outcome.DEVIATES or verdict.chain for verdict in verdicts):
            return verdicts
        operations = session.specification.operations

        def reads(exchange: Exchange) -> bool:
            known = operations.get(exchange.operation)
            if known is None:
                return exchange.request.method in ("GET", "HEAD")
            return known.effect == "read" or known.resource == "token"  # a login counts only for what needs its token

        kept = session.client.evidence.kept
        refused = {item.id for item in kept if item.response.refused}
        chains = Chains(kept, session.table.identifiers, self._is_given, reads)
        return [
            verdict
            if verdict.outcome is not Outcome.DEVIATES or verdict.chain
            else replace(
                verdict,
                chain=chains.of(verdict.evidence, of_state=_is_of_state(verdict, refused)),
            )
            for verdict in verdicts
        ]

    def _is_given(self, value: str) -> bool:
        """Whether a value is a secret that the owner of the target file has, or gets by logging in."""
        redacted = self.redactor.text(value)
        return redacted.startswith("$") and not redacted.startswith(f"${ISSUED}")

    def close(self, *, sweep: bool = True) -> list[Entry]:
        """Clean up, close the connections, and write the final line of the log. Returns what could not be removed.

        Raises Unwritable.
        """
        kept: list[Entry] = []
        self._deterministic = False
        try:
            for system in list(self.sessions):
                session = self.sessions[system]
                session.recorder = Recorder(session.specification)
                if sweep:
                    try:
                        with self.account.cleaning():
                            kept.extend(session.sweep())
                        self._record_removal(session)
                    except Exception as error:  # an error here must not prevent the run record
                        self.internal.append(f"cleaning up {system}: {type(error).__name__}: {error}")
                if session.problem and session.problem not in self.problems:
                    self.problems.append(session.problem)
        finally:
            for client in self._clients:
                client.close()
        sessions = self.sessions.values()
        word = LastWord(
            internal=self.internal,
            problems=self.problems,
            misnamed=self._fixture_problems(),
            unavailable=sorted(name for name, session in self.sessions.items() if session.problem),
            requests=sum(session.client.sent for session in sessions),
            gateway=dict(sum((session.requester.delivery.failed for session in sessions), Counter())),
            shapes={
                operation: {status: seen.as_json(self.redactor.text) for status, seen in statuses.items()}
                for operation, statuses in self.seen.items()
            },
            durations=self.durations,
            placeholders=sorted(self.redactor.placeholders),
        )
        self.log.end(word)
        return kept

    def _fixture_problems(self) -> list[str]:
        """The sentences on what the target file names and the server does not know, or not by these credentials."""
        return [
            message
            for session in self.sessions.values()
            for message in (*session.requester.refused_users.values(), *session.fixtures.unknown.values())
        ]


def _is_of_state(verdict: Verdict, refused: Collection[str]) -> bool:
    """Whether a deviation may depend on earlier requests, or shows later, as one that was `refused` but carried out."""
    if verdict.kind is Kind.NOT_REFUSED:
        return verdict.evidence[0] in refused
    return verdict.kind in STATEFUL_KINDS and verdict.detail != CHANGES_NOTHING


def _elsewhere(table: SystemTable, spec: Specification) -> dict[str, str]:
    """The requests with the complete URL `token_url` of the target file, including the documented one if it goes
    there.
    """
    url = urls(table).get(TOKEN_URL)
    if url is None:
        return {}
    documented = [
        operation.id
        for operation in spec.operations.values()
        if operation.resource == "token" and table.asks_at_token_url
    ]
    return dict.fromkeys([TOKEN_REQUEST, *documented], url)


def _lists(spec: Specification) -> frozenset[str]:
    """The operations whose responses contain other people's items, including what others started with a fixture of
    ours.
    """
    operations = spec.operations.values()
    started = {operation.resource for operation in operations if operation.starts and operation.effect == "execute"}
    linked = {link.operation for operation in operations for link in operation.links if link.step == "list"}
    of_fixtures = {
        operation.id
        for operation in operations
        if operation.effect == "read"
        and operation.resource in started
        and 0 < len(operation.path_parameters) == len(operation.fixtures)
    }
    return frozenset(linked | of_fixtures)
