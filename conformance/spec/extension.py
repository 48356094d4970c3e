"""Extension: the models of `x-conformance` at each place of a spec (`docs/spec-format.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from conformance.core.strict_model import (
    Flag,
    Lines,
    Vocabulary,
    Word,
    Words,
    one_or_more,
)
from conformance.core.verdict import Level

EXTENSION: Final = "x-conformance"

Effect = Literal["read", "create", "update", "delete", "execute", "administer"]
Equality = Literal["number", "date", "text", "identifier"]
JsonType = Literal["null", "boolean", "integer", "number", "string", "array", "object"]
_NEEDS: Final = {"path": {"name"}, "query": {"name"}, "body": {"pointer"}, "upload": {"part"}}
_ALLOWS: Final = {
    "path": {"name"},
    "query": {"name"},
    "body": {"pointer", "other"},
    "upload": {"part", "xpath"},
}
_KEYS: Final = {"other": "or"}


class Cited(Vocabulary):
    """The source of a statement, and how firmly it is stated. What is missing is inherited from the enclosing part."""

    document: Word | None = None
    """The document that states it."""
    section: Word | None = None
    """The section of the document."""
    lines: Lines | None = None
    """The lines of the document."""
    reading: Words | None = None
    """The readings that it rests on: one code, or a list."""
    level: Level | None = None
    """How firmly the document states it."""
    since: Word | None = None
    """The version that the document names."""


class MemberNames(Vocabulary):
    """The suffixes of member names in the bodies of a system, by what the members contain; empty if names do not
    show it.
    """

    identifier: Word = ""
    """Of an identifier."""
    name: Word = ""
    """Of a name."""
    text: Word = ""
    """Of a free text that describes a thing."""

    def is_identifier(self, member: str) -> bool:
        """Whether a member holds an identifier, by its name."""
        return bool(self.identifier) and member.endswith(self.identifier)

    def is_name(self, member: str) -> bool:
        """Whether a member holds a name, by its name."""
        return bool(self.name) and member.endswith(self.name)

    def is_text(self, member: str) -> bool:
        """Whether a member holds a free text, by its name."""
        return bool(self.text) and member.endswith(self.text)


class DocumentExtension(Vocabulary):
    """The extension of the whole document."""

    members: MemberNames = MemberNames()
    """What the names of members mean."""


class OtherReading(Vocabulary):
    """Something that only another reading of the documents allows: it gives a finding."""

    reading: Words
    """The reading: one code, or a list."""


class Place(Vocabulary):
    """A place of a request that names a resource."""

    where: Literal["path", "query", "body", "upload"] = Field(alias="in")
    """The part of the request."""
    name: Word | None = None
    """In a path or a query: the parameter."""
    pointer: Word | None = None
    """In a body: a JSON pointer, in which `*` is every element."""
    part: Word | None = None
    """In an upload: its part."""
    xpath: Word | None = None
    """In an upload: the place in the XML of the part; without it, the name of the file."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        said = {key for key in ("name", "pointer", "other", "part", "xpath") if getattr(self, key, None) is not None}
        if lacking := _NEEDS[self.where] - said:
            raise ValueError(f"lacks {', '.join(sorted(lacking))}, which a place in a {self.where} has")
        if odd := said - _ALLOWS[self.where]:
            message = ", ".join(sorted(_KEYS.get(key, key) for key in odd))
            raise ValueError(f"has {message}, which no place in a {self.where} has")
        return self


class NamePlace(Place):
    """Where a create sends a unique name."""

    word: Flag = False
    """Whether the name has no blanks."""


class Condition(Vocabulary):
    """Requests whose query parameter has none of some values."""

    query: Word
    """The query parameter."""
    unless: tuple[Word, ...] = Field(alias="not")
    """The values that it must not have, in capitals."""


class TouchPlace(Place):
    """Where a request names what it acts on."""

    other: Word | None = Field(None, alias="or")
    """In a body: the pointer of a rejected reading."""
    when: Condition | None = None
    """The requests that act on it; without it, all."""
    optional: Flag = False
    """Whether the place may be empty."""
    foreign: Flag = False
    """Whether it may name somebody else's, at safety level disposable only."""


class AlternativePath(OtherReading):
    """The rejected reading of a contradiction: another path of the operation."""

    path: Word
    """The path."""


class OperationExtension(Cited):
    """What an operation does to data, and where its documents describe it."""

    profile: Word
    """The group of operations that a server claims to have or not: `system/group`."""
    effect: Effect
    """What it does to data."""
    path: Word = ""
    """The path as the document spells it, where it calls a parameter by another name than the path of the spec."""
    resource: Word
    """The kind of thing that is read, created, changed, …"""
    document: Word
    """The document that describes it."""
    section: Word
    """The section of the document."""
    lines: Lines
    """The lines of the document."""
    accepted_by: Word = ""
    """The requirement of the register that says that a documented call is accepted; by default that on its status."""
    starts: Flag = False
    """Whether something new begins that no operation can remove."""
    personal: Flag = False
    """Whether it concerns access to the account as well: it is sent at safety level disposable only."""
    permission: tuple[Word, ...] = ()
    """Permissions any one of which suffices; none when the document names none."""
    implied: Flag = False
    """Whether its behaviour is documented and its method and path are not."""
    anonymous: Flag = False
    """Whether it needs no credentials."""
    touches: tuple[TouchPlace, ...] = ()
    """Where the request names what it acts on."""
    fixtures: dict[Word, Word] = Field({})
    """A path parameter, or a pointer into the body, and the key of the target file that gives its value."""
    needs: tuple[Word, ...] | None = None
    """Keys of the target file that its structural requirements need, where its fixtures do not tell."""
    names: Annotated[tuple[NamePlace, ...], one_or_more(NamePlace)] = Field((), alias="name")
    """Of a create: where its unique name is, or a list of such places."""
    soft_delete: Flag = False
    """Of a delete: whether what was deleted may go on being read and listed."""
    confidential: Flag = False
    """Whether the whole response is other people's: no value of it is stored."""
    request: Literal["undocumented"] | None = None
    """Whether no document gives a request: then a refusal says nothing."""
    namesake: dict[str, Any] | None = None
    """Another operation with the same path but for the name of its parameter: `path`, and an operation object."""
    alternatives: tuple[AlternativePath, ...] = ()
    """Paths of rejected readings."""


class Wrapping(OtherReading):
    """A body that may also come as the only element of an array."""

    as_: Literal["array"] = Field(alias="as")
    """What it may come in."""


class ResponseExtension(Cited):
    """What the documents say of a response beyond its schema."""

    content_type: Level | None = None
    """The level of its content type, where the document shows none for it."""
    or_higher: Flag = False
    """Whether a refusal with a status above is documented too."""
    wrapped: Wrapping | None = None
    """That the body may also come as the only element of an array."""
    anywhere: Flag = False
    """Whether the documents name members of it, but not the object that has them: it may be inside others."""


class Preference(OtherReading):
    """The form that a value has by the reading that is taken; another one gives a finding."""

    type: Annotated[tuple[JsonType, ...], one_or_more(JsonType)] = ()
    """Its JSON type, or a list of types."""
    pattern: Word = ""
    """The form of a text."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if bool(self.type) == bool(self.pattern):
            raise ValueError("lacks type or pattern; add one of them")
        return self


class Tolerance(OtherReading):
    """Values outside `enum` that give a finding instead of a deviation."""

    values: tuple[Any, ...] = Field(min_length=1)
    """The values."""


class Spelling(OtherReading):
    """Another spelling of a field in a document."""

    name: Word
    """The other name."""


class Guidance(Vocabulary):
    """Keywords of JSON Schema that keep generated values plain, short and consistent."""

    pattern: Word | None = None
    """The form of a text."""
    max_length: int | None = Field(None, alias="maxLength")
    """The length of a text, at the most."""
    minimum: int | None = None
    """The smallest number."""
    maximum: int | None = None
    """The largest number."""
    min_items: int | None = Field(None, alias="minItems")
    """The number of elements, at the least."""
    max_items: int | None = Field(None, alias="maxItems")
    """The number of elements, at the most."""
    values: tuple[Any, ...] | None = Field(None, alias="enum")
    """The values."""
    required: tuple[Word, ...] | None = None
    """The members that are always sent, beside those that the schema requires."""

    @property
    def keywords(self) -> dict[str, Any]:
        """The keywords as JSON Schema writes them."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class SchemaExtension(Cited):
    """What the documents say of a place in a body beyond its JSON Schema."""

    prefer: Preference | None = None
    """The form that the reading wants; another one gives a finding."""
    tolerate: Tolerance | None = None
    """Values outside `enum` that give a finding."""
    equality: Equality | None = None
    """How a sent and a read value compare; by default by their type."""
    unset: tuple[str, ...] = ()
    """Texts that mean that nothing is set: a server may show any of them for any other, and for no value."""
    alias: Spelling | None = None
    """Another spelling in a document."""
    personal: Flag = False
    """Whether it concerns the user's account as well: it is sent at safety level disposable only."""
    volatile: Flag = False
    """Whether the server may choose the value: it is not compared after a round trip."""
    undemanded: tuple[Word, ...] = ()
    """Of a request: the fields in `required` that are always sent though no document requires them there."""
    refers: Word | None = None
    """Of a request: it names something that must exist; the key of `fixtures` that names one, if any."""
    generate: Guidance | None = None
    """Of a request: what only generated values keep to, beyond what the documents say."""


class LinkExtension(Vocabulary):
    """What a link to a list or to a user of the created thing says beyond OpenAPI."""

    item: Word = ""
    """Where in an item of the list its identifier is: a pointer."""
    name: Word = ""
    """Where in an item of the list its name is: a pointer."""
    tree: Flag = False
    """Whether an item of the list may be within another."""
    carries: Word = ""
    """A word in the name of a member of the created thing, which holds what the parameter takes."""


class ParameterExtension(Vocabulary):
    """What a parameter of a path says beyond OpenAPI."""

    constant: Flag = False
    """Whether it is the same in every request, as the target file has it: it names nothing that a test could choose."""


class ExampleExtension(Vocabulary):
    """What an example of a request body says beyond OpenAPI."""

    accepted_by: Word
    """The requirement of the register that says that this body is accepted."""


UNSAID: Final = SchemaExtension()


def extension(schema: Mapping[str, Any]) -> SchemaExtension:
    """What the extension of a schema says; raises `vocabulary.Unknown` when it does not follow the format."""
    said = schema.get(EXTENSION)
    return UNSAID if said is None else SchemaExtension.read(said)
