"""What the controller's regulation takes away from what a clause asks: permission is a conjunction (R1, R2).

Each thing taken away has a reason, so that a refused person is told the true one and a lawyer can be told before
signing. Pure. Source: requirements 1.2; PM-1.4, LEV-7.1, LEV-14.1, LEV-22.2, BEL-1.1, BEL-1.2, C-11, C-12, C-13.
"""

from conventions.schema import CameraEntry, Regulation
from conventions.terms import DataClass, Operation, OrgType, Purpose, Reason
from policies.operations import COLLECTED, NEVER_COMPILED, TRANSITS

POLICE_TYPES = frozenset({OrgType.STATE_POLICE, OrgType.LOCAL_POLICE})
"""Only these reach pooled transits (MC-1.1b)."""

ON_MEDIA = frozenset(
    {
        Operation.MEDIA_WRITE,
        Operation.MEDIA_DELIVER,
        Operation.MEDIA_STORE,
        Operation.MEDIA_DESTROY,
        Operation.HOLD_PLACE,
        Operation.HOLD_RELEASE,
    }
)
"""What another body may be granted where the controller hands over media only (C-12, BEL-1.2)."""

_MOVES = frozenset({Operation.PTZ_CONTROL, Operation.PTZ_ZOOM, Operation.PTZ_LIMIT_SET})


def operation_defect(regulation: Regulation, body: str, operation: Operation) -> Reason | None:
    """Why a regulation takes an operation from a body, or nothing."""
    configuration = regulation.configuration
    if body != regulation.body and configuration.police_access == "media-only" and operation not in ON_MEDIA:
        return Reason.NO_CONVENTION
    if operation in NEVER_COMPILED:
        return NEVER_COMPILED[operation]
    if operation is Operation.BACKUP_REMOTE and configuration.backup_allowed != "true":
        return Reason.BACKUP_FORBIDDEN
    if operation not in regulation.operations or (operation in _MOVES and configuration.ptz_enabled != "true"):
        return Reason.OPERATION_UNKNOWN
    if operation is Operation.LOG_READ_OWN and configuration.log_read_own != "on":
        return Reason.LOG_READER_NOT_ALLOWED
    return None


def class_defect(regulation: Regulation, body: str, data_class: DataClass) -> Reason | None:
    """Why a regulation takes a class from a body, or nothing."""
    configuration = regulation.configuration
    kept = configuration.plates_retain
    if data_class is DataClass.TRANSIT_RECORD and kept != "all-transits":
        return Reason.CLASS_NOT_GRANTED
    if data_class is DataClass.PLATE_HIT and kept not in ("all-transits", "violations-and-hits"):
        return Reason.CLASS_NOT_GRANTED
    only_transits = body != regulation.body and configuration.police_access == "transits-only"
    if only_transits and data_class in COLLECTED and data_class not in TRANSITS:
        return Reason.CLASS_NOT_GRANTED
    return None


def purpose_defect(regulation: Regulation, org_types: frozenset[OrgType], purpose: Purpose) -> Reason | None:
    """Why a regulation takes a purpose from organisations of these types, or nothing. Of several types each must do."""
    if purpose in regulation.purposes_excluded:
        return Reason.PURPOSE_NOT_GRANTED
    for entry in regulation.purposes:
        if entry.purpose == purpose:
            entitled = bool(org_types) and org_types <= set(entry.org_types)
            return None if entitled else Reason.PURPOSE_NOT_GRANTED
    return Reason.PURPOSE_NOT_GRANTED


def camera_defect(entry: CameraEntry | None, data_class: DataClass, purpose: Purpose) -> Reason | None:
    """Why a camera does not give a class for a purpose, or nothing.

    What is known *about* a camera (the inventory) depends on neither; what it produces depends on what the annex says
    that it collects and why, on its state, and on not being indoors without an exception.
    """
    if entry is None:
        return Reason.CAMERA_NOT_AUTHORISED
    if data_class not in COLLECTED:
        return None
    if data_class not in entry.classes:
        return Reason.CLASS_NOT_GRANTED
    if purpose not in entry.collection_purposes:
        return Reason.PURPOSE_NOT_GRANTED
    if entry.state != "active":
        return Reason.CAMERA_NOT_AUTHORISED
    if entry.indoor == "true" and entry.indoor_exception is None:
        return Reason.INDOOR_AREA
    return None
