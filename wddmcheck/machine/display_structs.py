"""The argument structures of periodic frame notifications, protected sessions and memory bases.
Directions are as in `machine.structs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from wddmcheck.machine.structs import NULL, Handle


@dataclass(slots=True)
class DXGKARG_CREATEPERIODICFRAMENOTIFICATION:
    """NS:d3dkmddi._DXGKARG_CREATEPERIODICFRAMENOTIFICATION. hNotification o is the driver's, the
    rest i: Time is an offset before the vertical sync, NotificationID is what interrupts name."""

    hAdapter: Handle
    NotificationID: int
    VidPnTargetId: int = 0
    Time: int = 10_000
    hNotification: Handle = NULL


@dataclass(slots=True)
class DXGKARG_DESTROYPERIODICFRAMENOTIFICATION:
    """NS:d3dkmddi._DXGKARG_DESTROYPERIODICFRAMENOTIFICATION. All i."""

    hNotification: Handle
    hAdapter: Handle


@dataclass(slots=True)
class DXGKARG_CREATEPROTECTEDSESSION:
    """NS:d3dkmddi._DXGKARG_CREATEPROTECTEDSESSION. hProtectedSession io: the OS handle in, the
    driver's out."""

    hProtectedSession: Handle


class DXGK_PROTECTED_SESSION_STATUS(IntEnum):
    """NE:d3dkmddi._DXGK_PROTECTED_SESSION_STATUS."""

    DXGK_PROTECTED_SESSION_STATUS_OK = 0
    DXGK_PROTECTED_SESSION_STATUS_INVALID = 1


@dataclass(slots=True)
class DXGKARGCB_PROTECTEDSESSIONSTATUS:
    """NS:d3dkmddi._DXGKARGCB_PROTECTEDSESSIONSTATUS. All i: hProtectedSession is the OS's."""

    hProtectedSession: Handle
    Status: DXGK_PROTECTED_SESSION_STATUS


@dataclass(frozen=True, slots=True)
class DXGK_MEMORYRANGE:
    """NS:d3dkmddi._DXGK_MEMORYRANGE, in bytes: whole pages of the segment. All i."""

    SegmentOffset: int
    SizeInBytes: int


@dataclass(slots=True)
class DXGKARG_CREATEMEMORYBASIS:
    """NS:d3dkmddi._DXGKARG_CREATEMEMORYBASIS. All i."""

    Ranges: Sequence[DXGK_MEMORYRANGE]
    SegmentId: int = 1

    @property
    def RangeCount(self) -> int:
        """The length of Ranges."""
        return len(self.Ranges)
