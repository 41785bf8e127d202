"""Which DDIs may overlap, and why: from the documentation, or from the headers of a model.

What keeps two calls apart is what the lowering uses (`lower.guarantees.keeps_apart`), so the table
of a model says what the model checker does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass

from wddmcheck.cli.links import place_of
from wddmcheck.diagnostics.source import SourceMap, Span
from wddmcheck.docpages.levels import DocCall, Levels, PairRule
from wddmcheck.ir.system import Origin
from wddmcheck.lower.exprs import spell
from wddmcheck.lower.guarantees import LEVELS, keeps_apart
from wddmcheck.sema.model import Block, Model, XInFlight

NO, OTHER, YES = "no", "other process", "yes"


@dataclass(frozen=True, slots=True)
class Threaded:
    """A DDI as its threading goes. `process`: it is called for a process, and calls for one process
    do not overlap. `page` is where its level is said, `uid` its own page; `note` is what else there
    is to say. `apart`: two calls of its class overlap if they differ in this. `place`: its line in
    the model. `parks`: it may be left half way (in a model)."""

    name: str
    level: int
    klass: str
    process: bool
    page: str
    uid: str
    stated: bool = True
    note: str = ""
    apart: str = ""
    place: str = ""
    parks: bool = True

    @property
    def group(self) -> str:
        """`level 1, class overlay`."""
        text = f"level {self.level}"
        if self.level == 1:
            text += f", class {self.klass}" if self.klass else ", no class named"
        return text


@dataclass(frozen=True, slots=True)
class Cell:
    """Whether two calls may overlap. `answer` is NO, OTHER (only for different processes) or YES;
    `apart` is what else they have to differ in ("" mostly); `guarantee` is what keeps them apart,
    as `--without` names it; `clauses` are contracts of the model that have a say."""

    answer: str
    guarantee: str
    why: str
    page: str
    apart: str = ""
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlaps:
    """The table. `title` says of what; `clauses` has, for two calls, contracts of the first that
    speak of the second."""

    title: str
    calls: Mapping[str, Threaded]
    pairs: tuple[PairRule, ...] = ()
    clauses: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    hardware: tuple[str, ...] = ()

    def cell(self, a: str, b: str) -> Cell:
        """Whether a call of `a` may overlap one of `b`; the order does not matter."""
        one, two = self.calls[a], self.calls[b]
        told = tuple(dict.fromkeys((*self.clauses.get((a, b), ()), *self.clauses.get((b, a), ()))))
        for pair in self.pairs:
            if pair.calls == {a, b}:
                answer = OTHER if pair.apart and one.process and two.process else YES
                return Cell(answer, "", f"{pair.why} ({pair.rule})", pair.page, pair.apart, told)
        apart = keeps_apart(one, two)
        for name in ("L3", "L2"):
            if name in apart:
                alone = one if f"L{one.level}" == name else two
                return Cell(NO, name, LEVELS[name].text, alone.page)
        process = one.process and two.process
        if "L1" in apart and not (one.apart and one.apart == two.apart):
            return Cell(NO, "L1", LEVELS["L1"].text, one.page)
        different = one.apart if "L1" in apart else ""
        page = LEVELS["L0"].page if one.level == two.level == 0 else LEVELS["L1"].page
        if process:
            return Cell(OTHER, "L0", LEVELS["L0"].text, page, different, told)
        why = "no level keeps them apart, and they are not both for a process"
        return Cell(YES, "", why, page, different, told)


def documented(levels: Levels) -> Overlaps:
    """What the documentation says."""
    return Overlaps("the documentation", {n: _of_page(c) for n, c in levels.calls.items()},
                    levels.pairs, {}, levels.hardware)


def _of_page(call: DocCall) -> Threaded:
    notes = [f"{page}: {says}" for page, says in call.differs]
    if not call.stated and not notes:
        notes.insert(0, call.why)
    return Threaded(call.name, call.level, call.klass, call.level <= 1, call.page, call.uid,
                    call.stated, "; ".join(notes), call.apart)


def of_model(model: Model, sources: SourceMap, parks: frozenset[str]) -> Overlaps:
    """What a model says. `parks` names the blocks that may be left half way."""
    ddis = {b.name: b for b in model.blocks.values() if b.kind == "ddi"}
    calls = sorted((_of_block(b, sources, b.name in parks) for b in ddis.values()),
                   key=lambda c: (c.level, c.klass, c.name))
    clauses: dict[tuple[str, str], list[str]] = {}
    for block in ddis.values():
        for clause in block.requires:
            for other in sorted(set(_spoken_of(clause.cond)) & set(ddis)):
                rules = ", ".join(r for c in clause.origin.citations for r in c.rules)
                place = place_of(clause.origin.span, sources)
                text = f"{block.name} requires `{spell(clause.cond)}` ({place}"
                clauses.setdefault((block.name, other), []).append(
                    text + (f", {rules})" if rules else ")"))
    hardware = tuple(b.name for b in model.blocks.values()
                     if b.kind in ("interrupt", "dpc", "worker"))
    return Overlaps(f"model {model.name}", {c.name: c for c in calls}, (),
                    {pair: tuple(texts) for pair, texts in clauses.items()}, hardware)


def _of_block(block: Block, sources: SourceMap, parks: bool) -> Threaded:
    level = block.level or 0
    cited = [c for c in block.origin.citations if c.uid]
    rule = LEVELS[f"L{level}"]
    page = next((c.uid for c in cited if rule.rule in c.rules), rule.page)
    uid = next((c.uid for c in cited if c.uid.startswith("NC:")), "")
    return Threaded(block.name, level, block.klass, block.process is not None, page, uid,
                    note="" if parks else "runs in one piece here",
                    place=place_of(block.origin.span, sources), parks=parks)


def _spoken_of(node: object) -> Iterator[str]:
    """The blocks whose calls in flight a typed expression asks for."""
    if isinstance(node, XInFlight) and node.block is not None:
        yield node.block
    if isinstance(node, tuple):
        for item in node:
            yield from _spoken_of(item)
    elif is_dataclass(node) and not isinstance(node, (Span, Origin, type)):
        for f in fields(node):
            yield from _spoken_of(getattr(node, f.name))
