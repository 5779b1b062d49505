"""One rule: a policy row that Casbin evaluates, and where in a signed text it comes from."""

from dataclasses import dataclass, fields
from operator import attrgetter

RULE_VERSION = "varco-rule/1"
ALLOW, DENY = "allow", "deny"


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """A row. ``ANY`` stands where the text does not restrict; every other value is compared with ``==``.

    ``max_span_s`` is compared as a padded string; ``not_before`` and ``not_after`` are instants in the one
    form and half-open. ``clause`` is ``<document id>@<version>#<number>``; a deny rule carries the reason it gives.
    Source: requirements 1.2 R1 and R2, MC-3.1c.
    """

    controller: str
    requesting_body: str
    unit: str
    role: str
    qualification: str
    operation: str
    data_class: str
    purpose: str
    ground: str
    territory: str
    """A camera, or an area, municipality or province id that holds it; ``none`` for what concerns no camera."""
    window: str
    """``any``, or ``open``: only inside an event window."""
    max_span_s: str
    not_before: str
    not_after: str
    clause: str
    effect: str
    reason: str = ""
    """For ``deny``: the reason code; for ``allow``: empty."""
    version: str = RULE_VERSION

    @property
    def slice_key(self) -> tuple[str, str, str, str]:
        return (self.controller, self.requesting_body, self.operation, self.purpose)

    def row(self) -> tuple[str, ...]:
        """The columns in the order of ``model.conf``."""
        return _columns(self)


COLUMNS = tuple(field.name for field in fields(Rule))
_columns = attrgetter(*COLUMNS)


@dataclass(frozen=True, slots=True)
class ClauseTerms:
    """What a permit that rests on a clause carries along, beside the rule itself."""

    clause: str
    document: str
    version: int
    article: str
    """How the clause is cited to people, e.g. ``art. 3 convenzione``."""
    sources: tuple[str, ...]
    """Requirement rows."""
    mode: str
    regime: str
    """Of the clause's purposes in the regulation; ``both`` where they differ, and then the purpose asked decides."""
    obligations: tuple[str, ...]
    """Of ``Obligation`` in ``policies.obligations``: sorted."""
    invented: bool = False
    max_cameras: int | None = None
    """How many cameras one request may name (PM-3.15); ``None``: the text sets no number."""
