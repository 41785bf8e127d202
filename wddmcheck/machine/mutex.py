"""A mutex of the driver, which calls at PASSIVE_LEVEL hold while others may run."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from wddmcheck.machine.miniport import Wait


@dataclass(slots=True)
class Mutex:
    """A FAST_MUTEX. `name` is for people."""

    name: str
    held: bool = False

    def acquire(self) -> Generator[Wait, None, None]:
        """ExAcquireFastMutex: wait until nobody holds it; to be yielded from."""
        while self.held:
            yield Wait(self.name, lambda: not self.held)
        self.held = True

    def release(self) -> None:
        """ExReleaseFastMutex."""
        self.held = False
