"""The processor: its IRQL, and who may do what at which.

Levels: "Managing Hardware Priorities" in the Windows driver documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum

from wddmcheck.machine.findings import Kind, stop


class Irql(IntEnum):
    """Interrupt request levels; DIRQL stands for the level of the display interrupt."""

    PASSIVE_LEVEL = 0
    APC_LEVEL = 1
    DISPATCH_LEVEL = 2
    DIRQL = 5
    HIGH_LEVEL = 15


@dataclass(slots=True)
class Processor:
    """One processor; what runs on it is one call at a time, at `irql`."""

    irql: Irql = Irql.PASSIVE_LEVEL

    @contextmanager
    def at(self, irql: Irql) -> Iterator[None]:
        """Run at `irql`, then go back to the level before."""
        before, self.irql = self.irql, irql
        try:
            yield
        finally:
            self.irql = before

    def require(self, what: str, lowest: Irql, highest: Irql) -> None:
        """Stop the machine (0xC4: Driver Verifier's rules for DDIs) unless the level is within."""
        if not lowest <= self.irql <= highest:
            wanted = (lowest.name if lowest is highest else
                      f"<= {highest.name}" if lowest is Irql.PASSIVE_LEVEL else
                      f"{lowest.name} to {highest.name}")
            stop(Kind.BAD_IRQL, f"{what} is called at {self.irql.name}; its page asks for {wanted}",
                 "0xC4")

    def touch_paged(self, what: str) -> None:
        """Paged memory may not be touched at or above DISPATCH_LEVEL (0xD1)."""
        if self.irql >= Irql.DISPATCH_LEVEL:
            stop(Kind.BAD_IRQL, f"paged memory ({what}) is touched at {self.irql.name}", "0xD1")
