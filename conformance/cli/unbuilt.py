"""Commands that a later version brings: they exist, so that a script gets a clear answer."""

from __future__ import annotations

import click

from conformance.cli.failure import Refused

LATER = {
    "merge": "Merge the shards of a run.",
}


def refusal(name: str) -> click.Command:
    """The command `name`, which takes whatever it is given and refuses."""

    def refuse() -> None:
        raise Refused(f"`{name}` is not in this version yet; a later one brings it.")

    return click.Command(
        name,
        callback=refuse,
        help=f"{LATER[name]} Not in this version yet.",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )
