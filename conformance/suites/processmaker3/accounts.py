"""Accounts: who logs in to a ProcessMaker 3, as the tables inside its table of the target file name them."""

from __future__ import annotations

from pydantic import model_validator

from conformance.target.tables import HeaderSecret, Secret, Table, Text


class User(Table):
    """A further account of ProcessMaker 3, with a client of its own or with that of the table."""

    username: Text | None = None
    """Who logs in; needed unless there is an `access_token`."""
    password: Secret | None = None
    """That user's password."""
    access_token: HeaderSecret | None = None
    """A token of that user, where nobody logs in with a password (single sign-on); it must last for the run."""
    client_id: Text | None = None
    """The application that asks for the token, where it is not that of the table."""
    client_secret: Secret | None = None
    """The secret of that application."""

    @property
    def asks(self) -> bool:
        """Whether the user can ask for a token, and has not only one."""
        return self.username is not None and self.password is not None

    @model_validator(mode="after")
    def _whole_client(self) -> User:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("has only one of client_id and client_secret; give both or none")
        absent = [key for key in ("username", "password") if getattr(self, key) is None]
        if absent and (self.access_token is None or ("username" in absent and self.password is not None)):
            needed = " and ".join(f"{key} = …" for key in absent)
            raise ValueError(f"lacks {', '.join(absent)}; add {needed}, or access_token = … in place of both")
        return self


class Application(Table):
    """An application that is registered for no user yet: with it, a user whom the run creates can log in."""

    client_id: Text
    """Its identifier."""
    client_secret: Secret
    """Its secret."""


class Users(Table):
    """The accounts by what they may do; each may be left out."""

    outsider: User | None = None
    """Has neither PM_FACTORY nor PM_CASES."""
    cases: User | None = None
    """Has PM_CASES, and neither PM_FACTORY nor PM_REASSIGNCASE; of the fixtures, works on `note_case` alone."""
    supervisor: User | None = None
    """A process supervisor of the process of `case`, with access to its input documents."""
    adhoc: User | None = None
    """An ad hoc user of the current task of `unassigned_case`."""
    inactive: User | None = None
    """Is not ACTIVE and can log in (VACATION); belongs to a group that is assigned to the task of `unassigned_case`."""
    viewer: User | None = None
    """Has the process permission to see the task of `input_document`."""
