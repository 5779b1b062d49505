"""What every adapter checks of a grant before it touches its source: the end, the controller, the camera."""

from collections.abc import Collection
from datetime import datetime

from adapters.port import Grant
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CAMERA_FORM, CameraId, body_of


def require_running(grant: Grant, now_utc: datetime) -> None:
    """The grant has not ended and names cameras of its own controller only.

    Raises:
        Fault: ``grant-ended``; ``resource-unknown`` when a camera is of somebody else.
    """
    if now_utc >= grant.valid_until_utc:
        raise Fault(FaultKind.GRANT_ENDED, "the grant has ended")
    for camera in grant.cameras:
        if CAMERA_FORM.match(camera) is None or body_of(camera) != grant.controller:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "the grant names a camera that is not of its controller")


def only_camera(grant: Grant, served: Collection[CameraId], now_utc: datetime) -> CameraId:
    """The one camera of a viewing, if this source serves it.

    Raises:
        Fault: ``grant-ended`` or ``resource-unknown``.
    """
    require_running(grant, now_utc)
    if len(grant.cameras) != 1:
        raise Fault(FaultKind.RESOURCE_UNKNOWN, "a viewing is of one camera")
    camera = grant.cameras[0]
    if camera not in served:
        raise Fault(FaultKind.RESOURCE_UNKNOWN, "this source does not serve the camera")
    return camera
