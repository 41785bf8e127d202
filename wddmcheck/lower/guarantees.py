"""The promises of the environment that a run can do without, by name.

Four are of the language: what threading levels keep apart. The others are in the model: a
`requires` of a DDI or thunk that cites rules is a promise, named by each of them. Without a
guarantee, the lowering does not forbid what it alone forbids, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.ir.system import Origin
from wddmcheck.sema.model import Block, Contract, Model

_PAGE = "windows-driver-docs-pr/display/threading-and-synchronization-{}-level.md"

PROMISED = ("ddi", "thunk")
"""Kinds of blocks whose `requires` the environment owes. (Of a callback, the driver does.)"""


@dataclass(frozen=True, slots=True)
class Level:
    """What a threading level promises. `rule` is its rule in the catalogue."""

    name: str
    text: str
    rule: str
    page: str


LEVELS: Mapping[str, Level] = {level.name: level for level in (
    Level("L0", "calls for one process do not overlap", "GEN-05", _PAGE.format("zero")),
    Level("L1", "calls of one class at level one do not overlap", "GEN-04", _PAGE.format("first")),
    Level("L2", "a call at level two is alone in the driver", "GEN-03", _PAGE.format("second")),
    Level("L3", "a call at level three is alone in the driver", "GEN-01", _PAGE.format("third")),
)}


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A promise that a model uses. `text` says what is promised, of a rule (its own text is in the
    catalogue) to the callers of what; `said` has the blocks that it concerns, and where the model
    says so."""

    name: str
    text: str
    said: tuple[tuple[str, Origin], ...]


def rules_of(clause: Contract) -> tuple[str, ...]:
    """The rules that a `requires` cites itself (not those of its block)."""
    return tuple(dict.fromkeys(r for cite in clause.origin.citations for r in cite.rules))


def kept(clause: Contract, without: frozenset[str]) -> bool:
    """Whether a `requires` stays: none of its rules was dropped."""
    return without.isdisjoint(rules_of(clause))


def guarantees(model: Model) -> dict[str, Guarantee]:
    """The guarantees that `model` uses, by name: levels, then rules in the order of their ids."""
    found = {level.name: level.text for level in LEVELS.values()}
    used: dict[str, list[tuple[str, Origin]]] = {name: [] for name in found}
    for block in model.blocks.values():
        for name in _levels(block):
            used[name].append((block.name, block.origin))
    for rule, block_name, origin in sorted(_cited(model), key=lambda cited: cited[0]):
        used.setdefault(rule, []).append((block_name, origin))
    return {name: Guarantee(name, found.get(name) or _clauses(said), tuple(said))
            for name, said in used.items() if said}


def _clauses(said: list[tuple[str, Origin]]) -> str:
    """The blocks with a `requires` that cites a rule, as a phrase."""
    first, *others = dict.fromkeys(block for block, _ in said)
    return f"`requires` of {first}" + (f" and {len(others)} more" if others else "")


def _cited(model: Model) -> Iterator[tuple[str, str, Origin]]:
    """Each rule that a promise of the environment cites, with the block that has it."""
    for block in model.blocks.values():
        for clause in block.requires if block.kind in PROMISED else ():
            for rule in rules_of(clause):
                yield rule, block.name, clause.origin


class Levelled(Protocol):
    """What has a threading level and a class."""

    @property
    def level(self) -> int | None:
        """The level; None: zero, the default."""

    @property
    def klass(self) -> str:
        """The class; "" where there is none."""


def keeps_apart(a: Levelled, b: Levelled) -> frozenset[str]:
    """The levels that let no call of `a` overlap one of `b`, whatever their processes."""
    levels = {a.level or 0, b.level or 0}
    apart = {f"L{level}" for level in levels if level >= 2}
    if levels == {1} and a.klass == b.klass:
        apart.add("L1")
    return frozenset(apart)


def _levels(block: Block) -> Iterator[str]:
    """The levels whose promise concerns calls of `block`."""
    if block.kind != "ddi":
        return
    if block.process is not None:
        yield "L0"
    if block.level:
        yield f"L{block.level}"


def dropped(model: Model, names: Iterable[str]) -> tuple[str, ...]:
    """The guarantees called `names` (capitals do not matter), in the order of `guarantees`. Raises
    `UserError` (exit code 2) for one that the model does not use."""
    known = guarantees(model)
    spelled = {name.upper(): name for name in reversed(known)}
    chosen = set()
    for name in names:
        own = name if name in known else spelled.get(name.upper())
        if own is None:
            raise UserError((Diagnostic(
                "WC318", f"--without: model {model.name} does not use `{name[:60]}`",
                help="it uses: " + (", ".join(known) or "none")),), 2)
        chosen.add(own)
    return tuple(name for name in known if name in chosen)
