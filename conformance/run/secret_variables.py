"""Secret variables: the values of the placeholders in the commands of deviations, with a token for each user."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.run.worker import Worker
from conformance.target.target import Safety, SafetyTable, Target
from conformance.wire.call import MAIN
from conformance.wire.credentials import Missing, NoToken, Unavailable
from conformance.wire.logins import derived_secrets

_LOG_IN = "0" * 8  # the id of a run that creates nothing


def secret_variables(target: Target, systems: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The secrets of a target by their placeholders, its certificate files, and what kept a user from getting a token.

    It requests tokens and changes nothing.
    """
    cautious = target.model_copy(update={"safety": SafetyTable(level=Safety.READ_ONLY)})
    found = {**target.secrets(), **derived_secrets(target), **target.network.files}
    problems: list[str] = []
    worker = Worker(cautious, _LOG_IN)
    try:
        for system in systems:
            session = worker.session(system)
            for user in (MAIN, *session.table.further_users):
                try:
                    shown = session.credentials.headers(user).values()
                except (Missing, NoToken, Unavailable) as reason:
                    problems.append(worker.redactor.text(f"{system}{f', user {user}' if user else ''}: {reason}"))
                    continue
                for token in (value.rpartition(" ")[2] for value in shown):
                    name = worker.redactor.text(token)
                    if name.startswith("$"):
                        found[name[1:]] = token
    finally:
        worker.close(sweep=False)
    return found, problems
