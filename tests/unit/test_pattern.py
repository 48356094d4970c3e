"""Patterns: what a text has in common with others is found in bounded time, and as an expression would find it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.core.exchange import Exchange, Request, Response
from conformance.wire import pattern
from conformance.wire.likeness import LARGE_BODY, responds_alike
from conformance.wire.pattern import MAX_PAIRS, Gap, Pattern

texts = st.lists(st.sampled_from("abc"), max_size=9).map(" ".join)
gaps = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda pair: Gap(min(pair), max(pair)))


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    shared = draw(st.lists(st.sampled_from("ab"), max_size=4))
    return Pattern(tuple(shared), tuple(draw(st.lists(gaps, min_size=len(shared) + 1, max_size=len(shared) + 1))))


@given(patterns(), texts)
def test_text_matches_if_a_regular_expression_would(known: Pattern, text: str) -> None:
    between = [f"(?:[^ ]+ ){{{gap.least},{gap.most}}}" for gap in known.gaps]
    expression = between[0] + "".join(f"{word} {gap}" for word, gap in zip(known.shared, between[1:], strict=True))
    fits = re.fullmatch(expression, "".join(f"{word} " for word in text.split())) is not None
    assert known.fits(text) == fits


@given(texts, texts)
def test_pattern_matches_its_own_texts(one: str, other: str) -> None:
    known = pattern.of([one, other])
    assert known.fits(one)
    assert known.fits(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("x a ", "a y "), ("a b ", "b a "), ("< > ", "> = "), ("a b c d ", "d c b a ")],
)
def test_very_frequent_words_are_not_matched(one: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def matcher(_: Any, first: Any, second: Any, **options: Any) -> Any:
        compared.append(sum(second.count(word) for word in first))
        return SequenceMatcher(None, first, second, **options)

    monkeypatch.setattr(pattern, "SequenceMatcher", matcher)
    known = pattern.of([one * 2000, f"{other * 2000} end"])
    assert all(pairs <= MAX_PAIRS for pairs in compared)
    assert known.fits(one * 2000)
    known.nearly_fits(other * 1000)
    assert max(compared, default=0) <= MAX_PAIRS


def test_many_gaps_are_tested_once_each() -> None:
    known = Pattern(("a",) * 40, (Gap(0, 5),) * 41)
    assert known.fits(" ".join("a" * 60))
    assert not known.fits(" ".join("a" * 60 + "z" * 6))  # an expression tries every way to share out the sixty


def exchange(body: bytes) -> Exchange:
    response = Response(404, (("Content-Type", "text/html"),), body)
    return Exchange("e", "x", Request("GET", "http://t/made/up"), response)


@pytest.mark.parametrize("body", [b'{"a":' * (LARGE_BODY // 4), b"<a>" * LARGE_BODY, b"[" + b"1," * LARGE_BODY + b"1]"])
def test_large_response_must_be_identical(body: bytes) -> None:
    assert responds_alike(exchange(body), lambda: exchange(body))
    changing = iter([body + b"1", body + b"2", body + b"3", body + b"4"])
    assert not responds_alike(exchange(body), lambda: exchange(next(changing)))
    assert not responds_alike(exchange(body + b"9"), lambda: exchange(body))
