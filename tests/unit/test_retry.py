"""RetryTransport: never faster than allowed; reads are repeated, writes never."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from conformance.core.verdict import Reason
from conformance.wire.deadline import NoResponse
from conformance.wire.gateways import BUSY
from conformance.wire.in_flight import InFlight
from conformance.wire.limits import Account, Withheld
from conformance.wire.retry import (
    FIRST_PAUSE,
    LONGEST_WAIT,
    NO_RESPONSE,
    RETRIES,
    RetryTransport,
    retry_after,
)


@dataclass
class Clock:
    """A clock that only moves when somebody sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds

    def __call__(self) -> float:
        return self.now


class Server(httpx.BaseTransport):
    """Gives one response after the other: a status, a status with a Retry-After, or none; then 200 for ever."""

    def __init__(self, clock: Clock, answers: Sequence[int | tuple[int, str] | None] = ()) -> None:
        self.clock, self.answers = clock, list(answers)
        self.times: list[float] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.times.append(self.clock.now)
        answer = self.answers.pop(0) if self.answers else 200
        if answer is None:
            raise NoResponse("reset", sent=True)
        status, after = answer if isinstance(answer, tuple) else (answer, "")
        return httpx.Response(status, headers={"retry-after": after} if after else {})


def send(pace: httpx.BaseTransport, effect: str = "read") -> httpx.Response:
    return pace.handle_request(httpx.Request("GET", "http://t/", extensions={"effect": effect}))


def made(
    *answers: int | tuple[int, str] | None, per_second: float | None = None
) -> tuple[RetryTransport, Server, Clock]:
    clock = Clock()
    server = Server(clock, answers)
    row = InFlight(server, Account(), 1, per_second=per_second, sleep=clock.sleep, clock=clock)
    return RetryTransport(row, sleep=clock.sleep, clock=clock), server, clock


def test_requests_go_out_no_faster_than_allowed() -> None:
    pace, server, _ = made(per_second=4)
    for _ in range(4):
        send(pace)
    assert server.times == [100.0, 100.25, 100.5, 100.75]


class Contended(Account):
    """An account at whose places somebody else sends first."""

    def __init__(self, first: Callable[[], object]) -> None:
        super().__init__()
        self.first = [first]

    @contextlib.contextmanager
    def place(self, name: str, places: int) -> Iterator[None]:
        while self.first:
            self.first.pop()()
        yield


def test_a_request_that_waited_for_a_place_still_waits_for_its_turn() -> None:
    clock = Clock()
    server = Server(clock, ())

    def send_a_second_later() -> None:
        clock.now += 1
        send(row)

    row = InFlight(server, Contended(send_a_second_later), 1, per_second=4, sleep=clock.sleep, clock=clock)
    send(row)
    assert server.times == [101.0, 101.25]


def test_elapsed_time_is_not_waited_again() -> None:
    pace, server, clock = made(per_second=4)
    send(pace)
    clock.now += 10
    send(pace)
    send(pace)
    assert server.times == [100.0, 110.0, 110.25]


def test_no_limit_means_no_waiting() -> None:
    pace, server, clock = made()
    for _ in range(3):
        send(pace)
    assert clock.slept == []
    assert len(server.times) == 3


@pytest.mark.parametrize("trouble", [429, 503, None])
def test_read_is_repeated_after_a_growing_pause(trouble: int | None) -> None:
    pace, server, clock = made(trouble, trouble)
    assert send(pace).status_code == 200
    assert clock.slept == [FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert len(server.times) == 3


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 500])
def test_other_responses_are_returned(status: int) -> None:
    pace, server, _ = made(status)
    assert send(pace).status_code == status
    assert len(server.times) == 1


@pytest.mark.parametrize("effect", ["create", "update", "delete", "execute", "administer", "none"])
@pytest.mark.parametrize("trouble", [429, 503])
def test_write_is_never_repeated(effect: str, trouble: int) -> None:
    pace, server, _ = made(trouble)
    assert send(pace, effect).status_code == trouble
    assert len(server.times) == 1


def test_lost_write_is_never_repeated() -> None:
    pace, server, _ = made(None)
    with pytest.raises(NoResponse):
        send(pace, "create")
    assert len(server.times) == 1


def test_unguarded_request_is_never_repeated() -> None:
    pace, server, _ = made(503)
    assert pace.handle_request(httpx.Request("GET", "http://t/")).status_code == 503
    assert len(server.times) == 1


def test_read_fails_after_four_attempts() -> None:
    pace, server, _ = made(None, None, None, None)
    with pytest.raises(NoResponse):
        send(pace)
    pace, server, _ = made(503, 502, 504, 503)
    assert send(pace).status_code == 503
    assert len(server.times) == 1 + RETRIES


def test_responses_of_gateways_are_counted() -> None:
    counted: list[str] = []
    clock = Clock()
    server = Server(clock, [502, None, (429, "1"), 200])
    assert send(RetryTransport(server, failed=counted.append, sleep=clock.sleep, clock=clock)).status_code == 200
    assert counted == ["502", NO_RESPONSE, "429"]


@pytest.mark.parametrize("trouble", [502, 504])
def test_write_with_unknown_outcome_is_never_repeated(trouble: int) -> None:
    pace, server, _ = made(trouble)
    assert send(pace, "create").status_code == trouble
    assert len(server.times) == 1


@pytest.mark.parametrize("trouble", [429, 503])
def test_unprocessed_write_is_repeated_when_the_server_says(trouble: int) -> None:
    pace, server, clock = made((trouble, "3"))
    assert send(pace, "create").status_code == 200
    assert (len(server.times), clock.slept) == (2, [3.0])


WAITS: list[tuple[bytes, float]] = [
    (b"7", 7.0),
    (b"60", LONGEST_WAIT),
    (b"Thu, 01 Jan 1970 00:00:00 GMT", FIRST_PAUSE),
    (b"Thu, 01 Jan 1970 00:00:00", FIRST_PAUSE),
    (b"0", FIRST_PAUSE),
    (b"soon", FIRST_PAUSE),
    (b"-5", FIRST_PAUSE),
    ("٣".encode(), FIRST_PAUSE),
]


@pytest.mark.parametrize(("after", "pause"), WAITS)
def test_retry_after_seconds_are_respected(after: bytes, pause: float) -> None:
    clock = Clock()
    answers = [httpx.Response(200), httpx.Response(429, headers=[(b"retry-after", after)])]
    send(RetryTransport(httpx.MockTransport(lambda _: answers.pop()), sleep=clock.sleep, clock=clock))
    assert clock.slept == [pause]


def test_retry_after_date_is_respected() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 <= retry_after(httpx.Response(503, headers={"retry-after": date})) <= 30


@pytest.mark.parametrize("after", [b"61", b"9999999999", b"9" * 500, b"Fri, 31 Dec 9999 23:59:59 GMT"])
def test_too_long_retry_after_ends_the_retries(after: bytes) -> None:
    clock, asked = Clock(), []

    def busy(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429, headers=[(b"retry-after", after)])

    pace = RetryTransport(httpx.MockTransport(busy), sleep=clock.sleep, clock=clock)
    assert send(pace).status_code == 429
    for effect in ("read", "create"):
        with pytest.raises(NoResponse, match="asks to wait") as raised:
            send(pace, effect)
        assert not raised.value.sent
    assert (clock.slept, len(asked)) == ([], 1)


def test_busy_server_is_waited_for_at_most_a_minute() -> None:
    pace, server, clock = made(*[(503, "25")] * 9)
    assert send(pace).status_code == 503
    with pytest.raises(NoResponse):
        send(pace)
    assert (clock.slept, len(server.times)) == ([25.0, 25.0], 3)


def test_good_response_resets_the_waiting_time() -> None:
    answers: list[int | tuple[int, str] | None] = [(503, "50"), 200]
    pace, _, clock = made(*answers * 5)
    for _ in range(5):
        assert send(pace).status_code == 200
    assert clock.slept == [50.0] * 5


def test_waiting_never_exceeds_the_time_budget() -> None:
    clock = Clock()
    server = Server(clock, [(503, "5"), (503, "5"), (503, "5")])
    pace = RetryTransport(server, account=Account(until=clock.now + 8), sleep=clock.sleep, clock=clock)
    with pytest.raises(Withheld) as withheld:
        send(pace)
    assert withheld.value.reason is Reason.TIME_BUDGET
    assert clock.slept == [5.0]


@pytest.mark.parametrize("answers", [[None], [502, 503], [None, 504, None]])
def test_started_request_is_repeated_after_the_time_budget(answers: list[int | None]) -> None:
    clock = Clock()
    pace = RetryTransport(Server(clock, answers), account=Account(until=clock.now - 1), sleep=clock.sleep, clock=clock)
    assert send(pace).status_code == 200
    assert len(clock.slept) == len(answers)


def test_clean_up_waits_without_a_time_budget() -> None:
    clock, account = Clock(), Account(until=0)
    pace = RetryTransport(Server(clock, [(503, "5"), (429, "7")]), account=account, sleep=clock.sleep, clock=clock)
    with account.cleaning():
        assert send(pace).status_code == 200
    assert (clock.slept, account.until) == ([5.0, 7.0], 0)


def test_write_after_a_busy_response_waits_too() -> None:
    pace, server, clock = made(429)
    assert send(pace, "create").status_code == 429
    send(pace, "create")
    assert clock.slept == [FIRST_PAUSE]
    assert len(server.times) == 2


def test_retries_respect_the_rate_limit() -> None:
    pace, server, _ = made(None, per_second=0.5)
    send(pace)
    assert server.times == [100.0, 102.0]


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 01 Jan 2030 00:00:00 +9999999999999999999",
        "Mon, 01 Jan 99999 00:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "soon",
        "",
    ],
)
def test_invalid_retry_date_is_ignored(value: str) -> None:
    assert retry_after(httpx.Response(429, headers={"retry-after": value})) == 0


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_retry_date_uses_the_clock_of_the_server(hours: int) -> None:
    there = datetime.now(UTC) + timedelta(hours=hours)
    headers = {"date": format_datetime(there, usegmt=True)}
    later = format_datetime(there + timedelta(seconds=7), usegmt=True)
    assert retry_after(httpx.Response(429, headers={**headers, "retry-after": later})) == 7


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 01 Jan 2030 00:00:00 +9999999999999999999"])
def test_invalid_server_date_is_ignored(date: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 <= retry_after(httpx.Response(429, headers={"date": date, "retry-after": later})) <= 30


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("left", [-1.0, 0.01])
def test_own_pause_is_not_a_request_of_the_server(status: int, left: float) -> None:
    """What is removed after the end of the run goes out, a moment later than what failed before it."""
    clock = Clock()
    server = Server(clock, [status])
    pace = RetryTransport(server, account=Account(until=clock.now + left), sleep=clock.sleep, clock=clock)
    assert send(pace, "update").status_code == status
    assert send(pace, "delete").status_code == 200
    assert clock.slept == ([FIRST_PAUSE] if status in BUSY else [])
