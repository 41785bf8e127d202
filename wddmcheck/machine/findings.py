"""What the machine notices: a finding says what is wrong, where, and how Windows would show it.

Stop codes and their parameters are those of the debugger's bug check reference (spec/pages).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum
from types import FrameType
from typing import NoReturn


class Kind(Enum):
    """What kind of mistake it is."""

    USE_AFTER_FREE = "use after free"
    DOUBLE_FREE = "double free"
    LEAK = "leak"
    ORPHAN = "orphan"
    BAD_HANDLE = "wrong handle"
    BAD_FENCE = "wrong fence"
    BAD_IRQL = "wrong IRQL"
    BAD_STATUS = "undocumented status"
    BAD_ACCESS = "bad access"
    CONTRACT = "broken contract"
    GPU_ACCESS = "GPU access to freed memory"
    LOCK = "misused lock"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake of the driver. `step` counts the harness's steps from 1; `objects` are addresses
    or handles it is about; `stop` is the bug check ("0xC2/0x7"), "" where Windows goes on."""

    kind: Kind
    message: str
    objects: tuple[int, ...] = ()
    stop: str = ""
    where: str = ""
    details: tuple[str, ...] = ()
    step: int = 0

    def lines(self) -> tuple[str, ...]:
        """The finding for people, one line a fact."""
        head = f"{self.kind.value}: {self.message}"
        if self.stop:
            head = f"bug check {self.stop}: {head}"
        where = (f"at {self.where}",) if self.where else ()
        return (head, *where, *self.details)


class BugCheck(Exception):  # noqa: N818 (it is no error of ours but an event of the machine)
    """The machine stops: the driver did what no kernel survives."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class OutOfReachError(Exception):
    """The caller asked for a step that cannot happen now: Dxgkrnl would not make this call, the
    hardware cannot do this, or a wait has not ended. `driver`: it is the driver's doing (it holds
    a reference, say), so that the step was possible with another driver."""

    def __init__(self, why: str, *, driver: bool = False) -> None:
        super().__init__(why)
        self.driver = driver


def stop(kind: Kind, message: str, code: str, *, objects: tuple[int, ...] = (),
         details: tuple[str, ...] = ()) -> NoReturn:
    """Stop the machine. Raises `BugCheck`."""
    raise BugCheck(Finding(kind, message, objects, code, call_site(), details))


_HERE = __name__.rpartition(".")[0]
_INSIDE = ("reference", "defects", "yardstick")


def call_site() -> str:
    """Where the driver is: file, line and function of the innermost frame that is not the machine's
    own; "" outside of any driver."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        own = module.startswith(_HERE + ".") and module.split(".")[2] not in _INSIDE
        if not own:
            if module.startswith(_HERE) or not module.startswith(_HERE.partition(".")[0] + "."):
                name = frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
                return f"{name}:{frame.f_lineno} in {frame.f_code.co_name}"
            return ""
        frame = frame.f_back
    return ""
