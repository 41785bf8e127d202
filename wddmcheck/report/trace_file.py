"""Counterexample files: a story for people and the raw trace for re-execution, in one JSON file.

The schema is `trace.schema.json` beside this module. The bytes are the same for the same trace: no
times, no host facts. `read` trusts nothing: files are edited, cut short, of a later version, or
not ours at all, and each of these is a `UserError` (exit code 2) that names the key or the step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from wddmcheck import __version__
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.ir.system import System
from wddmcheck.report.codec import INT_LIMIT, Malformed, decode, encode
from wddmcheck.report.files import write_atomic
from wddmcheck.report.jsontext import Json, dumps
from wddmcheck.report.places import relative
from wddmcheck.report.story import Life, Story, StoryStep, ValueKind
from wddmcheck.result.verdict import Step, Trace

FORMAT = "wddmcheck-trace"
SCHEMA_VERSION = 4
"""2 added `failed` and `turns` of a step, and `checksum`; 3 added what a violation needs of the
policies, and forecasts of stop codes; 4 added the model that a variant extends, and the guarantees
that a run does without. Files of older versions are read as having none."""
MAX_BYTES = 64 << 20
MAX_SIZE = 1 << 16
"""No scope is larger than this; a file that says so was not written by us."""

CANNOT_READ = "WC502"
NOT_JSON = "WC503"
TOO_LARGE = "WC504"
OTHER_FORMAT = "WC505"
WRONG_KEY = "WC506"
CONTRADICTION = "WC507"
OTHER_MODEL = "WC508"


@dataclass(frozen=True, slots=True)
class RawStep:
    """A step as the IR has it: encoded arguments, the state after it (None after a fault)."""

    action: str
    args: tuple[int, ...]
    state: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class RawTrace:
    """A trace as the IR has it."""

    initial: tuple[int, ...]
    steps: tuple[RawStep, ...]
    shortest: bool
    loop: int | None


@dataclass(frozen=True, slots=True)
class Tool:
    """What wrote the file."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class TraceFile:
    """The content of a trace file. `scope` has the size of every pool that is not single, `digest`
    is the sha256 of the model's sources, `model` its path as the user gave it, `checksum` the
    sha256 of the rest, `without` the guarantees of the environment that the system lacks."""

    format: str
    schema_version: int
    tool: Tool
    model: str
    digest: str
    command: str
    property: str
    verdict: str
    engine: str
    scope: tuple[tuple[str, int], ...]
    policies: tuple[tuple[str, str], ...]
    trace: RawTrace
    story: Story
    checksum: str = ""
    without: tuple[str, ...] = ()

    def intact(self) -> bool:
        """Whether the file is as it was written. (Files of version 1 cannot tell.)"""
        return self.schema_version == 1 or self.checksum == _checksum(self)

    def to_trace(self) -> Trace:
        """The trace for the oracle and for replay."""
        raw = self.trace
        return Trace(raw.initial, tuple(Step(s.action, s.args, s.state) for s in raw.steps),
                     raw.shortest, raw.loop)


def make(story: Story, trace: Trace, *, model: str, digest: str, engine: str,
         policies: tuple[tuple[str, str], ...] = (), without: tuple[str, ...] = (),
         command: str = "") -> TraceFile:
    """The file that holds `trace` and its `story`."""
    raw = RawTrace(trace.initial, tuple(RawStep(s.action, s.args, s.state) for s in trace.steps),
                   trace.shortest, trace.loop)
    file = TraceFile(
        FORMAT, SCHEMA_VERSION, Tool("wddmcheck", __version__),
        relative(model), digest, command,
        story.property, "VIOLATED" if story.violated else "REACHED", engine,
        tuple(sorted((s.pool, s.size) for s in story.scope)), tuple(sorted(policies)), raw, story,
        without=without)
    return replace(file, checksum=_checksum(file))


def _checksum(file: TraceFile) -> str:
    return sha256(dumps(to_json(replace(file, checksum=""))).encode()).hexdigest()


def to_json(file: TraceFile) -> dict[str, Json]:
    """The file as JSON data."""
    data = encode(file)
    assert isinstance(data, dict)
    return data


def write(path: str | os.PathLike[str], file: TraceFile) -> None:
    """Write the file, whole or not at all. Raises `UserError` (exit code 2)."""
    write_atomic(path, dumps(to_json(file)))


def read(path: str | os.PathLike[str]) -> TraceFile:
    """The file at `path`, checked in itself. Raises `UserError` (exit code 2)."""
    name = str(path)
    data = _parse(name, _text(Path(path), name))
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _error(OTHER_FORMAT, f"{name} is not a wddmcheck trace",
                     f'a trace has "format": "{FORMAT}"; `wddmcheck verify --out DIR` writes them')
    version = data.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _error(WRONG_KEY, f"{name}: schema_version: expected a positive integer")
    if version > SCHEMA_VERSION:
        raise _error(OTHER_FORMAT,
                     f"{name} has trace schema {version}, newer than {SCHEMA_VERSION}",
                     "read it with the version of wddmcheck that wrote it, or a later one")
    try:
        file = decode(TraceFile, data, "$")
    except Malformed as error:
        raise _error(WRONG_KEY, f"{name}: {error.key.removeprefix('$.')}: {error.problem}",
                     _EDITED) from None
    _check(name, file)
    return file


def check_fits(file: TraceFile, system: System, sizes: Mapping[str, int], *,
               digest: str = "", name: str = "the trace") -> None:
    """Check that the trace speaks of `system` (of sources with `digest`, if given) at pool sizes
    `sizes`: its actions exist, arguments and states have the right length. Raises `UserError`."""
    changed = bool(digest) and digest != file.digest
    hint = (f"{file.model} has changed since the trace was written; verify it again"
            if changed else f"it was written for {file.model}")
    actions = {a.name: a for a in system.actions}
    for number, step in enumerate(file.trace.steps, 1):
        action = actions.get(step.action)
        if action is None:
            raise _error(OTHER_MODEL, f"{name}: step {number}: {system.name} has no action "
                         f"{step.action}", hint)
        if len(step.args) != len(action.params):
            raise _error(OTHER_MODEL, f"{name}: step {number}: {step.action} takes "
                         f"{len(action.params)} arguments, not {len(step.args)}", hint)
    if file.property not in {p.name for p in system.properties}:
        raise _error(OTHER_MODEL, f"{name}: {system.name} has no property {file.property}", hint)
    pools = {p.name: p for p in system.pools}
    for pool, size in file.scope:
        if pool not in pools or sizes.get(pool) != size:
            raise _error(OTHER_MODEL, f"{name}: scope.{pool}: {system.name} has no pool of "
                         f"{size} called {pool} here", hint)
    length = 0
    for var in system.variables:
        cells = 1
        for dim in var.dims:
            cells *= 1 if pools[dim].single else sizes[dim]
        length += cells
    if len(file.trace.initial) != length:
        raise _error(OTHER_MODEL, f"{name}: trace.initial: a state of {system.name} at this scope "
                     f"has {length} values, not {len(file.trace.initial)}", hint)


# --- reading -------------------------------------------------------------------------------------

_EDITED = "the file was edited or damaged; verify the model again to get a new one"


def _text(path: Path, name: str) -> str:
    try:
        if path.is_dir():
            raise _error(CANNOT_READ, f"cannot read {name}: it is a directory",
                         "name one trace file in it")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _error(CANNOT_READ, f"cannot read {name}: {reason}") from error
    except ValueError as error:
        raise _error(CANNOT_READ, f"cannot read {name!r}: {error}") from error
    if len(data) > MAX_BYTES:
        raise _error(TOO_LARGE, f"{name} is larger than {MAX_BYTES >> 20} MiB",
                     "no trace that wddmcheck writes is")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(NOT_JSON, f"{name} is not text: byte {error.start} is not UTF-8") from error


def _parse(name: str, text: str) -> Json:
    try:
        data: Json = json.loads(text, object_pairs_hook=_no_duplicates,
                                parse_constant=_no_constant, parse_int=_integer)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            what = "is cut short" if text.strip() else "is empty"
            raise _error(NOT_JSON, f"{name} {what}: the JSON ends at line {error.lineno}",
                         "copy it again, or verify the model again") from None
        raise _error(NOT_JSON, f"{name}:{error.lineno}:{error.colno}: not JSON: "
                     f"{error.msg.lower()}") from None
    except Malformed as error:
        raise _error(WRONG_KEY, f"{name}: {error.key}: {error.problem}", _EDITED) from None
    except RecursionError:
        raise _error(NOT_JSON, f"{name} is nested too deeply to be a trace") from None
    return data


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key, value in pairs:
        if key in result:
            raise Malformed(key[:40], "the key appears twice")
        result[key] = value
    return result


def _no_constant(text: str) -> Json:
    raise Malformed(text, "is not a number that JSON has")


def _integer(text: str) -> int:
    if len(text) > len(str(INT_LIMIT)) + 1:
        raise Malformed(text[:12] + "...", "the integer is out of range")
    return int(text)


def _check(name: str, file: TraceFile) -> None:
    """The file must not contradict itself."""
    raw, story = file.trace, file.story
    for pool, size in file.scope:
        if not 0 <= size <= MAX_SIZE:
            raise _error(WRONG_KEY, f"{name}: scope.{pool}: {size} is no size of a pool", _EDITED)
    if len(raw.steps) != len(story.steps):
        raise _error(CONTRADICTION, f"{name}: trace has {len(raw.steps)} steps, story has "
                     f"{len(story.steps)}", _EDITED)
    last = len(raw.steps)
    for number, (step, told) in enumerate(zip(raw.steps, story.steps, strict=True), 1):
        if told.number != number:
            raise _error(CONTRADICTION, f"{name}: story.steps[{number - 1}].number: expected "
                         f"{number}, found {told.number}", _EDITED)
        if step.action.rpartition("/")[0] not in ("", told.block):
            raise _error(CONTRADICTION, f"{name}: step {number}: the trace takes {step.action}, "
                         f"the story tells {told.block}", _EDITED)
        if step.state is None and number < last:
            raise _error(CONTRADICTION, f"{name}: trace.steps[{number - 1}].state: only the last "
                         "step can be without a state", _EDITED)
        if step.state is not None and len(step.state) != len(raw.initial):
            raise _error(CONTRADICTION, f"{name}: trace.steps[{number - 1}].state: expected "
                         f"{len(raw.initial)} integers, found {len(step.state)}", _EDITED)
    if raw.loop is not None and not 0 <= raw.loop <= last:
        raise _error(CONTRADICTION, f"{name}: trace.loop: there is no step {raw.loop}", _EDITED)
    same = ((file.property, story.property, "property"), (raw.loop, story.loop, "loop"),
            (raw.shortest, story.shortest, "shortest"),
            (file.scope, tuple(sorted((s.pool, s.size) for s in story.scope)), "scope"),
            (file.verdict, "VIOLATED" if story.violated else "REACHED", "verdict"),
            (file.without, story.why.without, "without"))
    for one, other, key in same:
        if one != other:
            raise _error(CONTRADICTION, f"{name}: the trace and its story differ in `{key}`",
                         _EDITED)
    for i, life in enumerate(story.lives):
        died = last if life.died is None else life.died
        if not (0 <= life.born <= died <= last and all(1 <= t <= last for t in life.touched)):
            raise _error(CONTRADICTION, f"{name}: story.lives[{i}]: there are {last} steps, and "
                         f"{life.object} does not fit into them", _EDITED)
    if story.broken_at is not None and not 0 <= story.broken_at <= last:
        raise _error(CONTRADICTION, f"{name}: story.broken_at: there is no step "
                     f"{story.broken_at}", _EDITED)
    lives = {life.object: life for life in story.lives}
    known = lives.keys()
    for told in story.steps:
        _check_arguments(name, told, lives)
        for change in told.changes:
            if change.subject and change.subject not in known and "," not in change.subject:
                raise _error(CONTRADICTION, f"{name}: step {told.number}: no object "
                             f"{change.subject} is in story.lives", _EDITED)


def _check_arguments(name: str, told: StoryStep, lives: Mapping[str, Life]) -> None:
    """A step is about objects that are there, and continues a call that was begun."""
    for argument in told.args:
        value = argument.value
        if value.kind is not ValueKind.OBJECT:
            continue
        life = lives.get(value.object)
        if life is None or life.born >= told.number:
            raise _error(CONTRADICTION, f"{name}: step {told.number}: {argument.name} is "
                         f"{value.object}, which no step before it creates", _EDITED)
        if life.died is not None and life.died < told.number:
            raise _error(CONTRADICTION, f"{name}: step {told.number}: {argument.name} is "
                         f"{value.object}, which step {life.died} destroys", _EDITED)
    if told.phase in ("resume", "return"):
        life = lives.get(told.call)
        if life is None or life.born >= told.number:
            raise _error(CONTRADICTION, f"{name}: step {told.number}: {told.call or 'the call'} is "
                         "continued, and no step before it begins it", _EDITED)


def _error(code: str, message: str, help: str = "") -> UserError:  # noqa: A002
    return UserError((Diagnostic(code, message, help=help),), exit_code=2)
