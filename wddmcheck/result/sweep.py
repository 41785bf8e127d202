"""What a sweep of failures found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.system import System
from wddmcheck.result.report import PropertyResult
from wddmcheck.result.verdict import Exploration, Trace


class Kind(Enum):
    """What fails."""

    STATUS = "status"      # a DDI returns a status that is no success
    CALLBACK = "callback"  # a callback does, to the driver
    CREATE = "create"      # an object cannot be created, and no status tells
    EVENT = "event"        # something happens to the driver: a TDR, a removal, ...


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure at a point. `name` is the DDI, callback, class or event that fails, `status` what
    it returns. The point: the segment of `block` that starts at `after` (a place where the call
    had paused; None: at its entry), there the `turn`-th such call, or the `return` at `at`. Of an
    event, `during` is the block that is in flight and paused at `after` ("": none is)."""

    kind: Kind
    name: str
    status: str = ""
    block: str = ""
    after: Span | None = None
    at: Span | None = None
    turn: int = 1
    during: str = ""
    title: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Failing:
    """Failures (numbers from 1, in the order in which they happen) after which the property is
    violated, and the shortest run, on the system itself, at the scope of the run `scope`."""

    failures: tuple[int, ...]
    trace: Trace
    scope: int
    engine: str


@dataclass(frozen=True, slots=True)
class SweptScope:
    """One scope: what was explored without failures and with them, and which failures happen in
    runs that go on (those that always end in a fault at once are not among them)."""

    scope: str
    sizes: tuple[tuple[str, int], ...]
    baseline: tuple[Exploration, ...]
    explorations: tuple[Exploration, ...]
    seen: frozenset[int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SweptProperty:
    """One property over all scopes. `baseline` is its verdict without any failure: if it is not
    proved, no failure was tried on it. `failing` are minimal sets of failures that break it, the
    shortest run first. `undecided` is why the rest is not certain to be survived ("": it is)."""

    name: str
    baseline: PropertyResult
    failing: tuple[Failing, ...] = ()
    undecided: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep. `failures[i - 1]` is failure i; `most` may happen in a run."""

    model: str
    digest: str
    command: str
    system: System
    most: int
    failures: tuple[Failure, ...]
    scopes: tuple[SweptScope, ...]
    properties: tuple[SweptProperty, ...]
    exit_code: int
    seconds: float = field(default=0.0, compare=False)

    @property
    def seen(self) -> frozenset[int]:
        """The failures after which runs go on at some scope."""
        return frozenset().union(*(s.seen for s in self.scopes))

    @property
    def happening(self) -> frozenset[int]:
        """The failures that happen at some scope, whatever comes after."""
        return self.seen.union(n for p in self.properties for f in p.failing for n in f.failures)
