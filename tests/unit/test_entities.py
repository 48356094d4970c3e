"""Character references: read as HTML reads them, and by no number of a server an error."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.core import messages
from conformance.core.entities import unescaped
from conformance.core.exchange import Response
from conformance.engine.comparison import plain


@given(
    st.lists(st.sampled_from(["&", "#", "x", "0", "6", "5", "9", ";", "amp", "lt", "é", " "]), max_size=14).map("".join)
)
def test_html_entities_are_decoded_like_in_browsers(text: str) -> None:
    assert unescaped(text) == html.unescape(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"a&#{'9' * 5000};b", "a\ufffdb"),
        (f"a&#{'0' * 5000}65;b", "aAb"),
        (f"a&#{'1' * 5000}", "a\ufffd"),
        (f"&#x{'f' * 5000};", "\ufffd"),
    ],
)
def test_number_of_thousands_of_digits_is_no_error(text: str, read: str) -> None:
    assert unescaped(text) == read
    assert plain(text) == read
    page = Response(502, (("Content-Type", "text/html"),), f"<title>{text}</title>".encode())
    assert messages.message_of(page)
