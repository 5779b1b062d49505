"""Trust: which issuers vouch for which bodies, which certificates sign for whom, which machines may ask.

Source: design 3 (trust), 5, 6; C-17.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from conventions.schema.header import Body, Header, Short, Strict
from conventions.terms import DocumentKind, Operation


class IssuerEntry(Strict):
    """An OIDC issuer and the only bodies it vouches for."""

    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    name: Short
    bodies: Annotated[tuple[Body, ...], Field(min_length=1)]
    client_id: Short
    algorithms: Annotated[tuple[Literal["RS256", "ES256", "PS256", "EdDSA"], ...], Field(min_length=1)]
    acr_required: tuple[Short, ...] = ()
    """Accepted ``acr`` values; empty: any."""


class AnchorEntry(Strict):
    """A certificate authority (PEM) accepted for signers of the named bodies."""

    name: Short
    bodies: Annotated[tuple[Body, ...], Field(min_length=1)]
    certificate_pem: Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----\n", max_length=8000)]


class EnforcementPoint(Strict):
    """A machine that may ask for decisions about any person, within one controller (design 6)."""

    client_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    controller: Body
    name: Short
    public_jwk: Annotated[str, Field(max_length=4000)]
    """JSON of a public JWK; a private member is refused at verification."""
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)]
    obligations_supported: tuple[Short, ...] = ()


class Trust(Header):
    kind: Literal[DocumentKind.TRUST]
    issuers: tuple[IssuerEntry, ...] = ()
    anchors: tuple[AnchorEntry, ...] = ()
    enforcement_points: tuple[EnforcementPoint, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        issuers = [entry.issuer for entry in self.issuers]
        clients = [entry.client_id for entry in self.enforcement_points]
        if len(set(issuers)) != len(issuers) or len(set(clients)) != len(clients):
            raise ValueError("an issuer or a client stands twice")
        return self
