"""How the reference miniports take the locks that their threads wait for at PASSIVE_LEVEL."""

from __future__ import annotations

from wddmcheck.machine.locks import PushLock
from wddmcheck.machine.miniport import Kernel
from wddmcheck.machine.waits import Blocking


def lock(kernel: Kernel, wanted: PushLock) -> Blocking[None]:
    """Take a push lock, in a critical region."""
    kernel.KeEnterCriticalRegion()
    yield kernel.ExAcquirePushLockExclusive(wanted)


def unlock(kernel: Kernel, held: PushLock) -> None:
    """Give it back."""
    kernel.ExReleasePushLockExclusive(held)
    kernel.KeLeaveCriticalRegion()
