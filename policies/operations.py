"""Which class of data each operation touches, and whether it concerns a camera: the one table.

A clause pairs an operation only with the classes that it names *and* that stand here, so that granting viewing of
recordings and the class of live video opens no live video. An operation without a class grants nothing.
Source: requirements 5 and 6; LEV-14.1, MC-1.1a.
"""

from types import MappingProxyType

from conventions.schema import CameraEntry
from conventions.terms import DataClass, Operation, Reason
from policies.facts import NONE

_C, _O = DataClass, Operation

SPECIAL_FOOTAGE = (
    _C.SCHOOL_FOOTAGE,
    _C.MOBILE_CAMERA_FOOTAGE,
    _C.BODYCAM_FOOTAGE,
    _C.DASHCAM_FOOTAGE,
    _C.DRONE_FOOTAGE,
    _C.PRIVATE_PARTNER_FOOTAGE,
    _C.WASTE_EVIDENCE,
    _C.VIOLATION_EVIDENCE,
    _C.ZTL_PASSAGE,
)
"""What a camera films when the annex says so: the footage is then of this class, and a deed must name it."""

COLLECTED = frozenset(
    {_C.LIVE_VIDEO, _C.RECORDED_VIDEO, _C.TRANSIT_RECORD, _C.PLATE_HIT, _C.FLOW_AGGREGATE, *SPECIAL_FOOTAGE}
)
"""Classes that a camera produces: they open only for what the annex says the camera collects, and why."""

TRANSITS = frozenset({_C.TRANSIT_RECORD, _C.PLATE_HIT})

_LIVE = (_C.LIVE_VIDEO, *SPECIAL_FOOTAGE)
_RECORDED = (_C.RECORDED_VIDEO, *SPECIAL_FOOTAGE, _C.ADHOC_RECORDING, _C.OFFENCE_FOOTAGE, _C.HELD_FOOTAGE)
_PLATES = (_C.TRANSIT_RECORD, _C.PLATE_HIT)
_COPIES = (_C.EXTRACTION_COPY, _C.SEALED_SECOND_COPY, _C.SUBJECT_COPY)
_LOGS = (_C.DECISION_LOG, _C.ADMINISTRATION_LOG)
_NETWORK = (_C.NETWORK_INVENTORY,)
_SITE = (_C.CAMERA_INVENTORY, _C.SITE_CHECKLIST)
_PEOPLE = (_C.OPERATOR_RECORD,)
_SECRETS = (_C.CREDENTIAL, _C.OPERATOR_RECORD)
_DEEDS = (_C.CONVENTION_DOCUMENT,)

CLASSES: MappingProxyType[Operation, tuple[DataClass, ...]] = MappingProxyType(
    {
        _O.CAMERA_INSTALL: _SITE,
        _O.PROFILE_MANAGE: _PEOPLE,
        _O.LIVE_VIEW: _LIVE,
        _O.PTZ_CONTROL: _LIVE,
        _O.PTZ_LIMIT_SET: _LIVE,
        _O.MASK_STATIC_SET: _LIVE,
        _O.RECORDING_MAKE: _RECORDED,
        _O.RECORDING_DELETE: _RECORDED,
        _O.RETENTION_SET: _RECORDED,
        _O.RECORDING_VIEW: _RECORDED,
        _O.RECORDING_EXTRACT: _RECORDED,
        _O.MOTION_AREA_SET: _LIVE,
        _O.MOTION_ACTION_SET: _LIVE,
        _O.LIGHT_ACTIVATE: _LIVE,
        _O.AUDIO_SPEAK: _LIVE,
        _O.INVENTORY_IP: _NETWORK,
        _O.INVENTORY_MAC: _NETWORK,
        _O.SOFTWARE_APP_INSTALL: _NETWORK,
        _O.SOFTWARE_BASE_INSTALL: _NETWORK,
        _O.SOFTWARE_PATCH: _NETWORK,
        _O.REMOTE_CONNECT: _NETWORK,
        _O.SYSTEM_MAINTAIN: (*_NETWORK, _C.SITE_CHECKLIST),
        _O.LOG_CONFIGURE: _LOGS,
        _O.LOG_EXTRACT_SIGN: (*_LOGS, _C.SIGNED_LOG_ARCHIVE),
        _O.LOG_ARCHIVE: (*_LOGS, _C.SIGNED_LOG_ARCHIVE),
        _O.PTZ_ZOOM: _LIVE,
        _O.RECORDING_ADHOC: (_C.ADHOC_RECORDING, *_RECORDED),
        _O.RECORDING_CHECK_EXISTENCE: _RECORDED,
        _O.ROUTE_RECONSTRUCT: _PLATES,
        _O.SUBJECT_VIEW: (_C.RECORDED_VIDEO, _C.SUBJECT_COPY),
        _O.VIOLATION_PORTAL_VIEW: (_C.VIOLATION_EVIDENCE,),
        _O.MOBILE_DEPLOY: (_C.MOBILE_CAMERA_FOOTAGE,),
        _O.BODYCAM_ACTIVATE: (_C.BODYCAM_FOOTAGE, _C.DASHCAM_FOOTAGE),
        _O.DRONE_MISSION: (_C.DRONE_FOOTAGE,),
        _O.TRANSIT_SHARE: _PLATES,
        _O.PLATE_SEARCH: _PLATES,
        _O.PLATE_STREAM: _PLATES,
        _O.PLATE_WATCHLIST_IMPORT: (_C.PLATE_WATCHLIST,),
        _O.PLATE_WATCHLIST_MATCH: (_C.PLATE_HIT, _C.PLATE_WATCHLIST),
        _O.CONNECTOR_SCNTT: (_C.PLATE_WATCHLIST, _C.TRANSIT_RECORD),
        _O.LINK_OPS_ROOM: (*_LIVE, *_PLATES),
        _O.DATA_DOWNLOAD: (*_RECORDED, *_PLATES),
        _O.PRESERVE_ON_MEDIA: (*_RECORDED, _C.LIVE_VIDEO),
        _O.EVENT_REPORT: (*_RECORDED, _C.LIVE_VIDEO, *_PLATES),
        _O.MEDIA_WRITE: (*_COPIES, *_RECORDED),
        _O.MEDIA_DELIVER: _COPIES,
        _O.MEDIA_STORE: _COPIES,
        _O.MEDIA_DESTROY: _COPIES,
        _O.HOLD_PLACE: (*_RECORDED, *_PLATES),
        _O.HOLD_RELEASE: (*_RECORDED, *_PLATES),
        _O.AUTODELETE_SUSPEND: (*_RECORDED, *_PLATES),
        _O.DATA_BLOCK: (*_RECORDED, *_PLATES, _C.BLOCKED_FOOTAGE),
        _O.DATA_UNBLOCK: (*_RECORDED, *_PLATES, _C.BLOCKED_FOOTAGE),
        _O.DATA_ANONYMISE: (*_RECORDED, _C.ANONYMISED_VIDEO),
        _O.MASK_THIRD_PARTIES: (*_RECORDED, *_COPIES),
        _O.DATA_COMMUNICATE: (*_RECORDED, *_PLATES, _C.ANONYMISED_VIDEO),
        _O.BACKUP_REMOTE: _RECORDED,
        _O.LOG_READ: _LOGS,
        _O.LOG_READ_OWN: (_C.DECISION_LOG,),
        _O.LOG_REVIEW: _LOGS,
        _O.DECISION_REPLAY: _LOGS,
        _O.INVENTORY_LIST: (_C.CAMERA_INVENTORY,),
        _O.CREDENTIAL_ISSUE: _SECRETS,
        _O.CREDENTIAL_SUSPEND: _SECRETS,
        _O.CREDENTIAL_DISABLE: _SECRETS,
        _O.BREAKGLASS_OPEN: _SECRETS,
        _O.OPERATOR_APPOINT: _PEOPLE,
        _O.OPERATOR_LIST_UPDATE: _PEOPLE,
        _O.OPERATOR_LIST_VERIFY: _PEOPLE,
        _O.CONVENTION_DRAFT: _DEEDS,
        _O.CONVENTION_APPROVE: _DEEDS,
        _O.CONVENTION_SIGN: _DEEDS,
        _O.CONVENTION_NOTICE: _DEEDS,
        _O.CONVENTION_WITHDRAW: _DEEDS,
        _O.CONVENTION_ACCEDE: _DEEDS,
    }
)
"""Absent: ``NEVER_COMPILED``. The first class is the one asked about when nothing more is known."""

NEVER_COMPILED: MappingProxyType[Operation, Reason] = MappingProxyType(
    {
        _O.DATA_DISSEMINATE: Reason.THIRD_PARTY_DISCLOSURE,
        _O.DATA_MODIFY: Reason.READ_ONLY,
        _O.DUPLICATION_BULK: Reason.BULK_DUPLICATION,
        _O.CORRELATION_CROSS_CONTROLLER: Reason.CROSS_CONTROLLER_CORRELATION,
        _O.AUDIO_LISTEN: Reason.AUDIO_FORBIDDEN,
        _O.BIOMETRIC_ANALYSE: Reason.BIOMETRIC_NOT_CLEARED,
        _O.BEHAVIOUR_ANALYSE: Reason.BIOMETRIC_NOT_CLEARED,
    }
)
"""Operations that are listed to be refused, each by its own name (PM-3.16 to PM-3.19, LEV-6.2, LEV-32.2, LEV-33.4)."""

READS_THE_LOG = frozenset({_O.LOG_READ, _O.LOG_READ_OWN, _O.LOG_REVIEW, _O.DECISION_REPLAY})
"""Who reads the log is a list of the controller (PM-3.5, C-04); ``log.read-own`` is switched by ``log_read_own``."""

_WITHOUT_CAMERA = frozenset(
    {
        _O.PROFILE_MANAGE, _O.INVENTORY_IP, _O.INVENTORY_MAC, _O.SOFTWARE_APP_INSTALL, _O.SOFTWARE_BASE_INSTALL,
        _O.SOFTWARE_PATCH, _O.REMOTE_CONNECT, _O.SYSTEM_MAINTAIN, _O.LOG_CONFIGURE, _O.LOG_EXTRACT_SIGN,
        _O.LOG_ARCHIVE, _O.MOBILE_DEPLOY, _O.BODYCAM_ACTIVATE, _O.DRONE_MISSION, _O.PLATE_WATCHLIST_IMPORT,
        _O.CONNECTOR_SCNTT, _O.MEDIA_DELIVER, _O.MEDIA_STORE, _O.MEDIA_DESTROY, _O.LOG_READ, _O.LOG_READ_OWN,
        _O.LOG_REVIEW, _O.DECISION_REPLAY, _O.CREDENTIAL_ISSUE, _O.CREDENTIAL_SUSPEND, _O.CREDENTIAL_DISABLE,
        _O.BREAKGLASS_OPEN, _O.OPERATOR_APPOINT, _O.OPERATOR_LIST_UPDATE, _O.OPERATOR_LIST_VERIFY,
        _O.CONVENTION_DRAFT, _O.CONVENTION_APPROVE, _O.CONVENTION_SIGN, _O.CONVENTION_NOTICE,
        _O.CONVENTION_WITHDRAW, _O.CONVENTION_ACCEDE,
    }
)  # fmt: skip


def concerns_camera(operation: Operation) -> bool:
    """Whether a request must name a camera. ``inventory.list`` may; without one: is there any to list?"""
    return operation not in _WITHOUT_CAMERA and operation != Operation.INVENTORY_LIST


def opens_cameras(operation: Operation) -> bool:
    """Whether a clause opens this operation camera by camera."""
    return operation not in _WITHOUT_CAMERA


def class_of(operation: Operation, entry: CameraEntry | None) -> str:
    """The class that a request for an operation on a camera touches: the special class of the camera, if it has one."""
    named = CLASSES.get(operation, ())
    if not named:
        return NONE
    held = [word for word in named if entry is not None and word in entry.classes]
    return next((word for word in held if word in SPECIAL_FOOTAGE), held[0] if held else named[0])
