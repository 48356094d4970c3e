"""Secret variables: the values of the placeholders in the commands of deviations, with a token for each user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.run.worker import Worker
from conformance.target.target import Safety, SafetyTable, Target
from conformance.wire.call import ALTERED, MAIN
from conformance.wire.credentials import Missing, NoToken, Unavailable
from conformance.wire.logins import derived_secrets

_LOG_IN = "0" * 8  # the id of a run that creates nothing


@dataclass(frozen=True, slots=True)
class Refusal:
    """A user that got no token: the main user of a system if `user` is empty. `why` contains no secret."""

    system: str
    user: str
    why: str


def secret_variables(target: Target, systems: Sequence[str]) -> tuple[dict[str, str], list[Refusal]]:
    """The secrets of a target by their placeholders, its certificate files, and the users that got no token.

    It requests tokens and changes nothing.
    """
    cautious = target.model_copy(update={"safety": SafetyTable(level=Safety.READ_ONLY)})
    found = {**target.secrets(), **derived_secrets(target), **target.network.files}
    refusals: list[Refusal] = []
    worker = Worker(cautious, _LOG_IN)
    try:
        for system in systems:
            session = worker.session(system)
            for user in (MAIN, *session.table.further_users):
                try:
                    shown = list(session.credentials.headers(user).values())
                    if user == MAIN:
                        shown += session.credentials.headers(ALTERED).values()
                except (Missing, NoToken, Unavailable) as reason:
                    refusals.append(Refusal(system, user, worker.redactor.text(str(reason))))
                    continue
                for token in (value.rpartition(" ")[2] for value in shown):
                    name = worker.redactor.text(token)
                    if name.startswith("$"):
                        found[name[1:]] = token
    finally:
        worker.close(sweep=False)
    return found, refusals
