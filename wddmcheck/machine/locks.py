"""The kernel's locks, with what the pages of their routines promise and Driver Verifier checks: who
owns a lock, at which IRQL it is taken and given back, and in which order locks are taken.

Source: the pages of KeAcquireSpinLock, KeAcquireSpinLockAtDpcLevel, ExAcquirePushLockExclusive and
KeEnterCriticalRegion in the driver reference; the bug checks 0x1, 0xF, 0x10, 0xC4 and 0xC8.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.machine.findings import Finding, Kind, call_site, stop
from wddmcheck.machine.pool import Pool
from wddmcheck.machine.processor import Irql, Processor
from wddmcheck.machine.waits import Wait


@dataclass(slots=True, eq=False)
class Lock:
    """A lock; `OWNED` and `NOT_OWNED` are the stop codes of who takes it twice, and of who releases
    it and does not have it ("": the thread hangs, or worse). `name` says what it protects. `owner`
    is the call that holds it, None while it is free; `where` is where it took it; `before` is the
    IRQL to go back to."""

    name: str
    owner: object = None
    where: str = ""
    before: Irql = Irql.PASSIVE_LEVEL
    SORT = "lock"
    OWNED, NOT_OWNED = "", ""

    @property
    def held(self) -> bool:
        """Whether somebody holds it."""
        return self.owner is not None

    def __repr__(self) -> str:
        return f"the {self.SORT} of the {self.name}"


class SpinLock(Lock):
    """A KSPIN_LOCK: whoever waits for it spins, at DISPATCH_LEVEL or above."""

    SORT = "spin lock"
    OWNED, NOT_OWNED = "0xF", "0x10"


class PushLock(Lock):
    """An EX_PUSH_LOCK, taken for exclusive access: whoever waits for it blocks. Its owner stays at
    the IRQL where it was, and cannot take it again."""

    SORT = "push lock"


@dataclass
class Locks:
    """The routines of locks, for the calls of one driver. `pool.caller` is the thread that runs.
    `orders` are the pairs of locks of which one was asked for while the other was held, with the
    place; `noticed` is what Windows would go on after."""

    pool: Pool
    processor: Processor
    taken: list[Lock] = field(default_factory=list, init=False)
    critical: list[object] = field(default_factory=list, init=False)
    orders: dict[tuple[Lock, Lock], str] = field(default_factory=dict, init=False)
    noticed: list[Finding] = field(default_factory=list, init=False)

    # --- spin locks -------------------------------------------------------------------------------

    def KeAcquireSpinLock(self, lock: SpinLock) -> Wait:
        """Raise to DISPATCH_LEVEL and wait for the lock; to be yielded. Raises `BugCheck` above
        DISPATCH_LEVEL (0xC4/0x42) and for a lock that the thread has."""
        if self.processor.irql > Irql.DISPATCH_LEVEL:
            stop(Kind.BAD_IRQL, f"KeAcquireSpinLock is called at {self.processor.irql.name}; its "
                 "page asks for <= DISPATCH_LEVEL", "0xC4/0x42")
        before, self.processor.irql = self.processor.irql, Irql.DISPATCH_LEVEL
        return self._wait(lock, before)

    def KeAcquireSpinLockAtDpcLevel(self, lock: SpinLock) -> Wait:
        """Wait for the lock where the IRQL is DISPATCH_LEVEL or above already; to be yielded.
        Raises `BugCheck` below (0xC4/0x40) and for a lock that the thread has."""
        if self.processor.irql < Irql.DISPATCH_LEVEL:
            stop(Kind.BAD_IRQL, "KeAcquireSpinLockAtDpcLevel is called at "
                 f"{self.processor.irql.name}; its page asks for DISPATCH_LEVEL or above",
                 "0xC4/0x40")
        return self._wait(lock, self.processor.irql)

    def KeReleaseSpinLock(self, lock: SpinLock) -> None:
        """Give the lock back, and go back to the IRQL before it. Raises `BugCheck` at another level
        than DISPATCH_LEVEL (0xC4/0x32) and for a lock that the thread does not have."""
        if self.processor.irql is not Irql.DISPATCH_LEVEL:
            stop(Kind.BAD_IRQL, f"KeReleaseSpinLock is called at {self.processor.irql.name}",
                 "0xC4/0x32")
        self._release(lock)
        self.processor.irql = lock.before

    def KeReleaseSpinLockFromDpcLevel(self, lock: SpinLock) -> None:
        """Give the lock back, and stay at the IRQL. Raises `BugCheck` below DISPATCH_LEVEL
        (0xC4/0x41) and for a lock that the thread does not have."""
        if self.processor.irql < Irql.DISPATCH_LEVEL:
            stop(Kind.BAD_IRQL, "KeReleaseSpinLockFromDpcLevel is called at "
                 f"{self.processor.irql.name}", "0xC4/0x41")
        self._release(lock)

    # --- push locks -------------------------------------------------------------------------------

    def KeEnterCriticalRegion(self) -> None:
        """Disable normal APCs for the thread. Raises `BugCheck` above APC_LEVEL."""
        self.processor.require("KeEnterCriticalRegion", Irql.PASSIVE_LEVEL, Irql.APC_LEVEL)
        self.critical.append(self.pool.caller)

    def KeLeaveCriticalRegion(self) -> None:
        """Enable them again. Raises `BugCheck` outside of a critical region."""
        if self.pool.caller not in self.critical:
            stop(Kind.LOCK, "KeLeaveCriticalRegion is called outside of a critical region", "0x1")
        self.critical.remove(self.pool.caller)

    def ExAcquirePushLockExclusive(self, lock: PushLock) -> Wait:
        """Wait for the lock, in a critical region; to be yielded. Raises `BugCheck` above APC_LEVEL
        (its page names no level, but no thread can be put into a wait state there), outside of a
        critical region (0xC4/0xEA), and for a lock that the thread has: it hangs."""
        if self.processor.irql > Irql.APC_LEVEL:
            stop(Kind.BAD_IRQL, f"{lock!r} is asked for at {self.processor.irql.name}, where no "
                 "thread can wait", "")
        if self.pool.caller not in self.critical:
            stop(Kind.LOCK, f"{lock!r} is taken outside of a critical region", "0xC4/0xEA")
        return self._wait(lock, self.processor.irql)

    def ExReleasePushLockExclusive(self, lock: PushLock) -> None:
        """Give the lock back. Raises `BugCheck` for a lock that the thread does not have."""
        self._release(lock)

    # --- for the machine --------------------------------------------------------------------------

    def at_return(self, caller: object, name: str) -> None:
        """A thread leaves the driver. Raises `BugCheck` if it keeps a lock, or stays in a critical
        region: at DISPATCH_LEVEL it is 0xC8, with APCs disabled 0x1."""
        for lock in self.taken:
            if lock.owner is caller:
                stop(Kind.LOCK, f"{name} returns and holds {lock!r}",
                     "0xC8" if isinstance(lock, SpinLock) else "0x1",
                     details=(f"it was taken at {lock.where}",))
        if caller in self.critical:
            stop(Kind.LOCK, f"{name} returns in a critical region", "0x1")

    def free(self, lock: Lock, caller: object) -> None:
        """Give back the interrupt's lock, on behalf of Dxgkrnl."""
        assert lock.owner is caller
        self.taken.remove(lock)
        lock.owner = None

    def asked(self, lock: Lock) -> None:
        """The running thread asks for a lock. Raises `BugCheck` if it has it. What it holds comes
        before the lock; the other way round is noticed (Driver Verifier: a lock hierarchy)."""
        caller = self.pool.caller
        if lock.owner is caller:
            stop(Kind.STUCK, f"{lock!r} is taken by the thread that has it: it waits for itself",
                 lock.OWNED, details=(f"it was taken at {lock.where}",))
        for other in self.taken:
            if other.owner is caller:
                self._ordered(other, lock)

    def take(self, lock: Lock, caller: object, where: str = "") -> None:
        """The lock is `caller`'s."""
        lock.owner, lock.where = caller, where
        self.taken.append(lock)

    # --- inside -----------------------------------------------------------------------------------

    def _wait(self, lock: Lock, before: Irql) -> Wait:
        self.asked(lock)
        caller, where = self.pool.caller, call_site()

        def have() -> None:
            self.take(lock, caller, where)
            lock.before = before

        return Wait(repr(lock), lambda: not lock.held, have)

    def _release(self, lock: Lock) -> None:
        if lock.owner is None or lock.owner is not self.pool.caller:
            stop(Kind.LOCK, f"{lock!r} is released by a thread that does not have it",
                 lock.NOT_OWNED)
        self.free(lock, lock.owner)

    def _ordered(self, first: Lock, second: Lock) -> None:
        if (first, second) in self.orders:
            return
        self.orders[first, second] = call_site()
        other = next((place for (a, b), place in self.orders.items()
                      if a is second and b in self._before(first)), "")
        if other:
            self.noticed.append(Finding(
                Kind.LOCK, f"{second!r} is asked for with {first!r} held, and elsewhere they are "
                "taken the other way round: two threads that do this at once wait for each other",
                where=call_site(), details=(f"the other way round at {other}",)))

    def _before(self, lock: Lock) -> set[Lock]:
        """The lock, and those that are held where it is asked for."""
        found, new = {lock}, [lock]
        while new:
            now = new.pop()
            before = {a for a, b in self.orders if b is now} - found
            found |= before
            new += before
        return found
