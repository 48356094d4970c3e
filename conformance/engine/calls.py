"""Send the documented calls of one system and record verdicts. `acceptance` decides the outcome of each."""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from conformance.core.exchange import Exchange, NotJson
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks, narrowing
from conformance.engine.acceptance import Acceptance, Attempt, Decision, Question, decide
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.engine.refused_members import RefusedMembers
from conformance.engine.requester import Requester
from conformance.engine.resources import Resources
from conformance.spec import requirement_ids
from conformance.spec.free_paths import half_routed, routed, unrouted
from conformance.spec.rules import RuleKind
from conformance.spec.specification import Operation
from conformance.wire import gateways
from conformance.wire.call import Call
from conformance.wire.logins import plain_reads

# seconds before a refused request is repeated: the server may derive names from the time in seconds
RETRY_DELAY: Final = 1.1
MAX_JITTER_MS: Final = 400  # random ms on top, so that workers that collided once do not collide again
# attempts of a create whose name is taken, until the server has shown that no name is free
MAX_NAME_ATTEMPTS: Final = 8


@dataclass(eq=False)
class Calls:
    """Send documented calls and record whether and how they are accepted."""

    requester: Requester
    resources: Resources
    refused_members: RefusedMembers = field(init=False)
    # creates for which no name was free after all attempts
    _never_free: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.refused_members = RefusedMembers(self.resources)

    def make(self, call: Call, requirement: str = "") -> Exchange:
        """Make a documented call that must be accepted, and check the structure of its response.

        `requirement` of the register states that this request is accepted. Without one, and without one in the spec, a
        refusal contradicts the documented status.

        Raises:
            Blocked: it was not accepted; the deviation is recorded.
            NotExercised: as `Resources.send`; or the documents do not define the request that was refused; or there was
                no
                response.
        """
        exchange = self._send_until_settled(call)
        requirement = requirement or call.operation.accepted_by
        attempt = Attempt(
            call=call,
            exchange=exchange,
            in_register=bool(requirement),
            own_token=self.requester.credentials.given(call.user) == "access_token",
        )
        if not exchange.response.ok:
            specification, made_up = self.requester.specification, self.requester.ledger.made_up(12)
            paths = [len(of(specification, call.operation, made_up)) for of in (half_routed, routed)]
            attempt = replace(attempt, half_routed=paths[0], routed=paths[1])
        try:
            while isinstance(step := decide(attempt), Question):
                attempt = self._ask(step, attempt)
            return self._record(step, attempt, requirement)
        except (Blocked, NotExercised) as untested:
            raise untested.after(attempt.exchange) from None

    def _send_until_settled(self, call: Call) -> Exchange:
        """Send a call. Repeat a refused read if a recent change may not be visible yet."""
        exchange = self.resources.send(call)
        settling = time.monotonic() < self.requester.delivery.changed + self.requester.settle
        if not (exchange.response.refused and call.reads and settling):
            return exchange

        def look() -> tuple[bool, Exchange]:
            again = self.resources.send(call)
            return not again.response.refused, again

        return self.requester.eventually(look)[1]

    # -- control requests

    def _ask(self, question: Question, attempt: Attempt) -> Attempt:
        """Send the control request for a question, and return the attempt with its result."""
        call, requester, send = attempt.call, self.requester, self.resources.send
        match question:
            case Question.OWN_TOKEN:
                return replace(attempt, own_token_opens=requester.own_token_opens())
            case Question.AGAIN:
                return replace(attempt, exchange=self.once_more(call, attempt.exchange), repeated=True)
            case Question.OTHER_READING:
                other = send(call.to(call.operation.alternatives[len(attempt.other_readings)].path))
                return replace(attempt, other_readings=(*attempt.other_readings, other))
            case Question.WITHOUT_MEMBERS:
                return replace(attempt, narrowed=self.refused_members.search(call, attempt.exchange))
            case Question.ANY_TOKEN:
                return replace(attempt, any_token_opens=requester.token.opens_as_required())
            case Question.MADE_UP_PATH:
                index = attempt.next_control_index
                path = self._made_up_paths(call.operation)[index]
                exchanges = attempt.controls[index] if index < len(attempt.controls) else ()
                return replace(attempt, controls=(*attempt.controls[:index], (*exchanges, send(call.to(path)))))
            case Question.ANY_PATH:
                return replace(attempt, in_front=self._is_in_front())
            case Question.ACCOMMODATED:
                accommodated = replace(call, operation=requester.operation(call.operation.id), documented=False)
                return replace(attempt, accommodated_accepted=send(accommodated).response.ok)
            case Question.WHOLE:
                return replace(attempt, whole_accepted=self._may_read_parent(call))

    def _made_up_paths(self, operation: Operation) -> list[str]:
        """The made-up paths for comparison: one that no operation matches, then those that other operations match."""
        specification, made_up = self.requester.specification, self.requester.ledger.made_up(12)
        matched = (*half_routed(specification, operation, made_up), *routed(specification, operation, made_up))
        return [unrouted(specification, operation, made_up), *matched]

    def _is_in_front(self) -> bool:
        """Whether a read of a made-up path gets no error page, so that a gateway refused the other method."""
        requester = self.requester
        reads = plain_reads(requester.specification.operations.values())
        if not reads:
            return False
        path = unrouted(requester.specification, reads[0], requester.ledger.made_up(12))
        return not gateways.is_error_page(self.resources.send(Call(reads[0], template=path)))

    def _may_read_parent(self, call: Call) -> bool:
        """Whether the user may read the resource of which this call reads a part: then no permission is missing.

        Resources that the run created prove nothing: creating may need another permission than reading.
        """
        if any(self.requester.ledger.owns(str(value)) for value in call.path.values()):
            return False
        for whole in self.requester.specification.operations.values():
            reads = whole.effect == "read" and whole.path_parameters and whole.path.endswith("}")
            if not reads or not call.operation.path.startswith(f"{whole.path}/"):
                continue
            path = {name: value for name, value in call.path.items() if name in whole.path_parameters}
            if len(path) == len(whole.path_parameters):
                return self.resources.send(Call(whole, call.user, path)).response.ok
        return False

    # -- verdicts

    def _record(self, decision: Decision, attempt: Attempt, requirement: str) -> Exchange:
        """Record the outcome of a call. Returns the accepted exchange; raises Blocked and NotExercised."""
        exchange, operation = decision.exchange, attempt.call.operation
        recorder = self.requester.recorder
        match decision.acceptance:
            case Acceptance.ACCEPTED:
                if requirement:
                    recorder.require(requirement, True, exchange)
                if operation.alternatives:
                    recorder.require(requirement_ids.documented_form(operation.id), True, exchange)
            case Acceptance.OTHER_READING:
                alternative = operation.alternatives[len(attempt.other_readings) - 1]
                recorder.require(
                    requirement_ids.documented_form(operation.id),
                    False,
                    attempt.exchange,
                    exchange,
                    expected=operation.path,
                    observed=f"{alternative.path} only, as the other reading says: {alternative.reading}",
                    kind=Kind.OTHER_READING,
                )
                if requirement:
                    recorder.require(requirement, True, exchange)
            case Acceptance.WITHOUT_MEMBERS:
                self._record_members(attempt, requirement)
            case _:
                self._record_refusal(decision, attempt, requirement)
        recorder.record(checks.success(operation, exchange))
        return exchange

    def _record_members(self, attempt: Attempt, requirement: str) -> None:
        """Record that members are refused. All places with the same name are one defect."""
        assert attempt.narrowed
        operation, (narrowed,) = attempt.call.operation, attempt.narrowed
        for alike in narrowing.by_name(narrowed.places).values():
            place, *others = sorted(alike)
            everywhere = f" (at {', '.join(others)} too)" if others else ""
            message = f"{checks.describe(attempt.exchange)}; without the member{everywhere} it is accepted"
            self.requester.recorder.require(
                requirement or requirement_ids.status(operation.id, operation.success.status),
                False,
                attempt.exchange,
                narrowed.exchange,
                expected=f"{checks.quoted(narrowing.first(attempt.call.json, place))} is accepted",
                observed=message,
                kind=Kind.REFUSED,
                location=place,
            )

    def _record_refusal(self, decision: Decision, attempt: Attempt, requirement: str) -> NoReturn:
        """Record why a call was not accepted, if that contradicts a document. Raises Blocked, NotExercised."""
        exchange, control, operation = attempt.exchange, decision.control, attempt.call.operation
        recorder, described = self.requester.recorder, checks.describe(exchange)
        if decision.exists and control is not None:
            recorder.record([checks.conforms(requirement_ids.exists(operation.id), operation.id, exchange, control)])
        match decision.acceptance:
            case Acceptance.NO_RESPONSE:
                raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
            case Acceptance.OWN_TOKEN_REFUSED:
                raise self.requester.own_token_refused(exchange)
            case Acceptance.TOKEN_OPENS_NOTHING:
                raise self.requester.token.record_nothing_opened(self.requester.recorder)
            case Acceptance.NAME_TAKEN:
                message = f"{operation.id} was refused because something with that name exists: {described}"
                raise NotExercised(Reason.INCONCLUSIVE, message)
            case Acceptance.IN_FRONT:
                message = f"{operation.method} is refused for every path, before the API: {described}"
                raise NotExercised(Reason.TARGET_UNAVAILABLE, message)
            case Acceptance.NOT_AS_ACCOMMODATED:
                message = "is not there" if decision.missing else "refused a request"
                message = f"{operation.id} {message} in the form of the accommodation"
                raise NotExercised(Reason.UNDOCUMENTED_REQUEST, message)
            case Acceptance.UNDOCUMENTED:
                message = "is missing" if decision.missing else "refused a request that is not documented"
                raise NotExercised(Reason.UNDOCUMENTED_REQUEST, f"{operation.id} {message}")
            case Acceptance.LACKS_RIGHT:
                message = f"{operation.id}: the account may lack a right that is not documented"
                raise NotExercised(Reason.INCONCLUSIVE, message)
            case Acceptance.MISSING:
                assert control is not None
                exists, message = requirement_ids.exists(operation.id), f"{described}, as for a made-up path"
                recorder.require(exists, False, exchange, control, observed=message, kind=Kind.MISSING_OPERATION)
                raise Blocked(recorder.root_of(exists), operation.id)
            case _:
                if sentence := self.requester.fixtures.said_absent(attempt.call, exchange):
                    raise NotExercised(Reason.MISSING_FIXTURE, sentence)
                raise _refused(recorder, operation, exchange, requirement, decision.kind)

    # -- repetition

    def until_free(self, call: Call) -> Exchange:
        """Send a call, and repeat a create whose name is taken: a server may derive names from the time in seconds.

        Raises as `Resources.send`.
        """
        exchange = self.resources.send(call)
        taken = exchange.has_response and gateways.says_name_taken(exchange)
        return self.once_more(call, exchange) if taken else exchange

    def once_more(self, call: Call, exchange: Exchange) -> Exchange:
        """Repeat a request that was not accepted (`exchange`): only a repeated refusal counts.

        If a name is taken, repeat until one is free, since other workers create copies in the same seconds.
        Raises as `Resources.send`.
        """
        operation = call.operation
        for _ in range(1 if operation.id in self._never_free else MAX_NAME_ATTEMPTS):
            taken = gateways.says_name_taken(exchange)
            self.resources.clean_up(operation, exchange)
            pause = (
                RETRY_DELAY + secrets.randbelow(MAX_JITTER_MS) / 1000
                if taken
                else min(self.requester.settle, RETRY_DELAY)
            )
            time.sleep(pause)
            again = self.resources.send(call)
            if not again.has_response:
                return exchange
            exchange = again
            if not gateways.says_name_taken(exchange):
                return exchange
        self._never_free.add(operation.id)
        return exchange

    # -- responses

    def accepted(self, exchange: Exchange) -> None:
        """Check the structure of the accepted response to a documented call that was not made by `make`."""
        self.requester.recorder.record(checks.success(self.requester.operation(exchange.operation), exchange))

    def json(self, exchange: Exchange) -> Any:
        """The parsed body of an accepted response. Raises Blocked if it is not JSON: the deviation is recorded."""
        operation = self.requester.operation(exchange.operation)
        try:
            return checks.body_of(operation, exchange)
        except NotJson:
            status = operation.success.status
            for requirement in (
                requirement_ids.content_type(operation.id, status),
                requirement_ids.at_place(operation.id, status, "", RuleKind.TYPE),
            ):
                with contextlib.suppress(LookupError):
                    raise Blocked(self.requester.recorder.root_of(requirement), operation.id) from None
            raise NotExercised(Reason.INCONCLUSIVE, f"{operation.id} gives no JSON response") from None


def _refused(
    recorder: Recorder, operation: Operation, exchange: Exchange, requirement: str, kind: Kind
) -> Blocked | NotExercised:
    """Record that a documented call was refused."""
    message = checks.describe(exchange)
    if requirement:
        recorder.require(requirement, False, exchange, observed=message, kind=kind)
        return Blocked(recorder.root_of(requirement), operation.id)
    status = requirement_ids.status(operation.id, operation.success.status)
    recorder.record([checks.deviates(status, operation.id, kind, operation.success.status, message, exchange)])
    return Blocked(recorder.root_of(status), operation.id)
