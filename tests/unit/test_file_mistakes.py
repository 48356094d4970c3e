"""When a refusal is the target file's fault, and when it is not."""

from __future__ import annotations

import pytest

from conformance.engine.fixtures import ABSENT
from conformance.suites.processmaker3.test_roles import is_another


@pytest.mark.parametrize("message", ["No such trigger", "Process not found", "It does not exist.", "unknown case"])
def test_message_says_that_something_does_not_exist(message: str) -> None:
    assert ABSENT.search(message)


@pytest.mark.parametrize(
    "message", ["Unknown error", "An unknown exception occurred", "unknown member pro_x", "Denied"]
)
def test_message_does_not_say_that_something_does_not_exist(message: str) -> None:
    assert not ABSENT.search(message)


def test_failed_read_shows_no_other_role() -> None:
    operator, admin = {"/usr_role": ("OPERATOR",)}, {"/usr_role": ("ADMIN",)}
    assert is_another(admin, admin, operator)
    assert not is_another(admin, admin, admin)
    assert not is_another(admin, admin, None)
    assert not is_another(None, None, admin)
    assert not is_another(operator, admin, operator)  # it changes by itself
