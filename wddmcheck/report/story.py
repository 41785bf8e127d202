"""A trace told in the model's words: plain data, independent of the IR, re-readable from JSON.

In: nothing; `report.tell` makes a `Story` from a system and a trace. Out: everything that the
terminal, the trace file, charts and generated tests say about a run. Invariants: objects have
stable identities (`ctx#2`: the third context created in this run, whatever slot it used); steps
count from 1; nothing here depends on the time, the machine or the working directory.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from wddmcheck.result.needs import Needs


class ValueKind(Enum):
    """What a shown value is."""

    OBJECT = "object"      # `object` names it
    DANGLING = "dangling"  # it was destroyed; `object` names what it was, "" if that is unknown
    NONE = "none"          # a reference to nothing
    PLAIN = "plain"        # a number, an enum member, true or false


class ChangeKind(Enum):
    """How a step changed something."""

    CREATED = "created"    # `subject` began to live; `after` is its life state
    DESTROYED = "destroyed"
    CHANGED = "changed"    # `subject`.`label` went from `before` to `after`
    DANGLED = "dangled"    # `subject`.`label` referred to `object`, which this step destroyed
    ADDED = "added"        # `object` entered the set or relation `label` (of `subject`)
    REMOVED = "removed"    # it left


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a source: 1-based line and column; `file` as the user wrote it."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Cited:
    """On whose word something rests: `basis` is stated, inferred, assumed or built in."""

    basis: str
    uid: str = ""
    rules: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is shown."""

    kind: ValueKind
    text: str
    object: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """A named value."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class CallMade:
    """A callback (or nested DDI) that the step made."""

    name: str
    args: tuple[Argument, ...]
    status: str = ""
    result: Value | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a step changed. `subject` is an identity, or "" for what belongs to no object.
    `implied` marks what follows from another change of the step (a destroyed object leaves every
    relation), so that a short report may pass over it. `fields` are those of a created object
    that are not as they are at first."""

    kind: ChangeKind
    subject: str
    label: str = ""
    before: str = ""
    after: str = ""
    object: str = ""
    implied: bool = False
    fields: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that taking the step broke. `objects` are those that make the difference."""

    property: str
    message: str
    place: Place | None = None
    cited: tuple[Cited, ...] = ()
    objects: tuple[str, ...] = ()
    stops: bool = True


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One step. `call` is the identity of the in-flight call that it starts, continues or ends;
    `at` says why it stops half way ("pauses", "waits"), "" if it does not; `stops` is where.
    `failed` are classes of which no object could be created, `turns` the branch taken at each
    `either`, from 1: what the environment decided."""

    number: int
    actor: str
    block: str
    kind: str
    phase: str
    args: tuple[Argument, ...] = ()
    status: str = ""
    result: Value | None = None
    calls: tuple[CallMade, ...] = ()
    call: str = ""
    at: str = ""
    stops: Place | None = None
    places: tuple[Place, ...] = ()
    cited: tuple[Cited, ...] = ()
    changes: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()
    failed: tuple[str, ...] = ()
    turns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Life:
    """The life of an object or of a call. `born` is 0 for what exists from the start; `died` is
    None for what is left at the end. `touched` are steps that use it after its death."""

    object: str
    pool: str
    born: int
    died: int | None
    call: bool = False
    touched: tuple[int, ...] = ()
    owner: str = ""
    note: str = ""           # "never freed", "destroyed twice", "used after destroy" or ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that is still in flight when the run ends."""

    call: str
    block: str
    at: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """How many slots a pool has."""

    pool: str
    size: int


@dataclass(frozen=True, slots=True)
class StopCode:
    """A stop code that Windows documents. `parameter1` is "" where the page tells no cases apart;
    `kind` is "stop" or "live dump"; name, kind, meaning and page are "" for a code that the
    catalogue does not have."""

    code: str
    parameter1: str = ""
    name: str = ""
    kind: str = ""
    meaning: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The property and what stands behind it. `without`: the guarantees of the environment that
    the run does not have. `needs`: which of these, and of the `policies`, the violation needs; None
    if that was not asked. `forecast` is what is documented of `bugchecks`."""

    title: str
    kind: str
    formula: str = ""
    place: Place | None = None
    cited: tuple[Cited, ...] = ()
    bugchecks: tuple[str, ...] = ()
    policies: tuple[tuple[str, str], ...] = ()
    needs: Needs | None = None
    forecast: tuple[StopCode, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One run. `ends` says in a sentence what its end shows; `broken_at` is the number of the step
    at which the rule is broken (0: in the initial state), None for a witness or a loop. `loop`:
    steps `loop + 1` to the last repeat for ever. `objects` are those that make the difference.
    `family` is the model that `system` extends in the end, or `system`."""

    system: str
    property: str
    violated: bool
    scope: tuple[Size, ...]
    steps: tuple[StoryStep, ...]
    lives: tuple[Life, ...]
    why: Why
    shortest: bool
    ends: str = ""
    broken_at: int | None = None
    loop: int | None = None
    objects: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    family: str = ""
