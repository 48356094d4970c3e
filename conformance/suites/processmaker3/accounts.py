"""Accounts: the users and applications in the target file's table of a ProcessMaker 3."""

from __future__ import annotations

from pydantic import model_validator

from conformance.target.tables import Secret, Table, Text, Token


class User(Table):
    """Another account of ProcessMaker 3, with its own client or with that of the table."""

    username: Text | None = None
    """The user who logs in; required unless there is an `access_token`."""
    password: Secret | None = None
    """That user's password."""
    access_token: Token | None = None
    """A token of that user, for single sign-on without a password. It must be valid for the whole run."""
    client_id: Text | None = None
    """The application that requests the token, if it is not that of the table."""
    client_secret: Secret | None = None
    """The secret of that application."""

    @property
    def asks(self) -> bool:
        """Whether the user can request a token, and has not only a given one."""
        return self.username is not None and self.password is not None

    @model_validator(mode="after")
    def _whole_client(self) -> User:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("has only one of client_id and client_secret; add the other, or remove it")
        absent = [key for key in ("username", "password") if getattr(self, key) is None]
        if absent and (self.access_token is None or ("username" in absent and self.password is not None)):
            needed = " and ".join(f"{key} = …" for key in absent)
            raise ValueError(f"lacks {', '.join(absent)}; add {needed}, or access_token = … in place of both")
        return self


class Application(Table):
    """An application that no user has registered, with which a user that the run creates can log in."""

    client_id: Text
    """Its identifier."""
    client_secret: Secret
    """Its secret."""


class Users(Table):
    """The accounts by what they are allowed to do. Every table is optional."""

    outsider: User | None = None
    """Has neither PM_FACTORY nor PM_CASES."""
    cases: User | None = None
    """Has PM_CASES, but neither PM_FACTORY nor PM_REASSIGNCASE; of the fixtures, works on `note_case` only."""
    supervisor: User | None = None
    """A process supervisor of the process of `case`, with access to its input documents."""
    adhoc: User | None = None
    """An ad hoc user of the current task of `unassigned_case`."""
    inactive: User | None = None
    """Is not ACTIVE and can log in (VACATION); belongs to a group that is assigned to the task of `unassigned_case`."""
    viewer: User | None = None
    """Has the process permission to view the task of `input_document`."""
