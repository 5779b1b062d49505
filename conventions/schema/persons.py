"""Operator lists, appointment acts, powers of signature. Persons are a role and a number, never a name.

Source: PM-2.2 to PM-2.10, LEV-20.1, LEV-21.1; requirements 7.5.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from conventions.schema.header import Body, Camera, Date, Document, Header, Instant, Person, Short, Strict, Text
from conventions.terms import DocumentKind, Operation, OrgType, Role


class ListedPerson(Strict):
    """One enabled person. The (issuer, subject) pair binds the sign-in one to one (PM-2.7, C-17)."""

    id: Person
    title: Short
    """How the person is shown: a role and a number."""
    unit: Short
    office: Literal["operator", "official"] = "operator"
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    qualifications: tuple[Literal["judicial-police-qualified"], ...] = ()
    level: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    subject: Annotated[str, Field(min_length=1, max_length=255)]
    instructions: Short | None = None
    """Version of the instructions accepted; the partner's declaration is enough (10.1 PM-2.10)."""
    state: Literal["enabled", "suspended", "ceased"] = "enabled"
    since: Instant


class OperatorList(Header):
    """The persons of one body enabled at one controller; a new version replaces the whole list (PM-2.6)."""

    kind: Literal[DocumentKind.OPERATOR_LIST]
    body: Body
    body_name: Short
    org_type: OrgType
    under: Document
    """The convention, or for own staff the regulation."""
    instructions: Short
    """Current version of the instruction sheet."""
    persons: tuple[ListedPerson, ...]

    @model_validator(mode="after")
    def _own_and_once(self) -> Self:
        ids = [person.id for person in self.persons]
        pairs = [(person.issuer, person.subject) for person in self.persons]
        if len(set(ids)) != len(ids) or len(set(pairs)) != len(pairs):
            raise ValueError("a person or a credential stands twice")
        if any(not person.startswith(f"{self.body}/") for person in ids):
            raise ValueError("a person of another body stands in the list")
        return self


class AppointmentAct(Header):
    """The written act that names a person and the exact scope (PM-2.4, LEV-21.1: no wildcard)."""

    kind: Literal[DocumentKind.APPOINTMENT_ACT]
    body: Body
    person: Person
    number: Short
    date: Date
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)]
    cameras: tuple[Camera, ...] = ()
    """Empty: all that the deed opens."""
    tasks: Text


class PowersOfSignature(Header):
    """Who signs as what, from when to when. Schema only; its rules come with step 3."""

    kind: Literal[DocumentKind.POWERS_OF_SIGNATURE]
    body: Body
    signer: Short
    signs_as: Role
