"""How a driver gives up the processor: where it can be interrupted, and where it blocks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")


def _nothing() -> None:
    """What most waits do when they end."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The driver blocks until `ready()`; `what` says on what, for people. `then` happens as the
    wait ends, before anything else can. `parks`: others may run meanwhile even if it is over at
    once."""

    what: str
    ready: Callable[[], bool]
    then: Callable[[], None] = _nothing
    parks: bool = False


@dataclass(frozen=True, slots=True)
class Preempt:
    """The driver can be interrupted here."""


PREEMPT: Final = Preempt()

Blocking: TypeAlias = Generator[Preempt | Wait, None, T]
"""What a routine is that may block, or be interrupted, before it returns: to be delegated to, with
`yield from`."""
