"""The settings: one frozen, versioned object. Unknown keys are refused, all faults are reported at once.

Secrets are never values here: the settings name files. The first example (``deploy/varco.toml``) is locked: loopback
only, nothing anonymous. INVARIANT: there is no setting that turns a check off. Source: design 6.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from conventions.faults import Fault, FaultKind
from conventions.identifiers import BODY_FORM, CAMERA_FORM

FORBIDDEN_ENVIRONMENT = ("AUTHLIB_INSECURE_TRANSPORT",)
"""Variables that would weaken a library we rely on: their presence stops the start (design 10)."""


def _body(text: str) -> str:
    if BODY_FORM.match(text) is None:
        raise ValueError("not a body identifier")
    return text


def _camera(text: str) -> str:
    if CAMERA_FORM.match(text) is None:
        raise ValueError("not a camera identifier")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class SourceSettings(_Strict):
    """One recorder or plate store and the cameras it serves."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    kind: Literal["folder"]
    root: str
    cameras: tuple[Annotated[str, AfterValidator(_camera)], ...]
    transits: tuple[Annotated[str, AfterValidator(_camera)], ...] = ()


class Settings(_Strict):
    """Everything an installation sets. Paths are relative to the settings file's folder unless absolute."""

    format: Literal["varco-settings/1"]
    installation: Annotated[str, AfterValidator(_body)]
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=1, le=65535)] = 8443
    public_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]
    """How browsers reach it; ``http`` is accepted for loopback only."""
    data_dir: str = "data"
    ledger_keys_dir: str = "keys/ledger"
    """Outside the database (design 7); back it up apart."""
    client_key_file: str = "keys/oidc-client.jwk"
    anchors_file: str = "keys/anchors.pem"
    """Certificates (PEM) accepted for the installation's trust document."""
    ledger_locations: dict[str, str] = Field(default_factory=dict)
    """Declared folder per controller, checked at start (PM-3.4); absent: under ``data_dir``."""
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    case_hours: Annotated[int, Field(ge=1, le=24)] = 8
    video_encoder: Literal["libx264", "libopenh264", "h264_vaapi"] = "libx264"
    sources: tuple[SourceSettings, ...] = ()
    contact: Annotated[str, Field(min_length=1, max_length=200)] = "l'amministratore di sistema"
    """Whom a person calls when something fails: an office, and how to reach it."""
    demonstration: bool = False
    """Pages say that identities and invented documents are for demonstration; nothing else changes."""

    @model_validator(mode="after")
    def _plain_http_is_loopback(self) -> Self:
        host = self.public_url.split("//", 1)[1].rsplit(":", 1)[0]
        if self.public_url.startswith("http://") and host not in ("127.0.0.1", "localhost", "[::1]"):
            raise ValueError("public_url: http is accepted for loopback only")
        names = [source.name for source in self.sources]
        if len(set(names)) != len(names):
            raise ValueError("sources: a name stands twice")
        return self


def load(file: Path) -> Settings:
    """Read and check a settings file.

    Raises:
        Fault: ``settings-invalid`` with every fault of the file in its detail.
    """
    if found := [name for name in FORBIDDEN_ENVIRONMENT if name in os.environ]:
        raise Fault(FaultKind.SETTINGS_INVALID, f"unset {', '.join(found)}", where="environment")
    try:
        return Settings.model_validate(_tuples(tomllib.loads(file.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Fault(FaultKind.SETTINGS_INVALID, str(error).lower(), where=file.name) from None
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, entry['loc'])) or 'settings'}: {entry['msg']}"
            for entry in error.errors(include_input=False, include_url=False)
        ]
        raise Fault(FaultKind.SETTINGS_INVALID, "; ".join(lines), where=file.name) from None


def _tuples(value: Any) -> Any:
    """TOML arrays as tuples, so that the object is frozen all the way down."""
    if isinstance(value, list):
        return tuple(_tuples(entry) for entry in value)
    if isinstance(value, dict):
        return {key: _tuples(entry) for key, entry in value.items()}
    return value
