"""Scopes: what `--scope` says, or the model's default scopes, as a size for every pool.

`--scope NAME` takes a scope of the model. `--scope Process=2,calls=1` gives sizes: pool names in
any case, `calls` for the pool of calls in flight; pools that are not named keep their size from the
model's (first) default scope, or 1 if it has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.ir.expr import And, Expr, Not, Quant, QuantOp
from wddmcheck.ir.system import Kind, Pool, System

MAX_SIZE = 64
"""More slots than this in one pool are a slip of the finger: no engine explores them."""

_PAIR = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(\S*)\s*")
_CALLS = ("calls", "call")


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A scope to explore: its name in the model, "" if its sizes came from the command line."""

    name: str
    sizes: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """The name, or the sizes as `--scope` takes them."""
        return self.name or ",".join(f"{pool}={size}" for pool, size in self.sizes)


def resolve(system: System, texts: tuple[str, ...]) -> tuple[ScopeChoice, ...]:
    """The scopes to explore, without repetitions. Raises `UserError` (exit code 2)."""
    if texts:
        return tuple(dict.fromkeys(_one(system, text) for text in texts))
    if not _sized(system):
        return (ScopeChoice("", ()),)
    names = system.default_scopes or tuple(name for name, _ in system.scopes[:1])
    if not names:
        example = ",".join(f"{p.name}=1" for p in _sized(system))
        raise _wrong("WC307", "the model declares no scope, so the size of its pools is unknown",
                     f"--scope {example}, or declare one in the model")
    return tuple(ScopeChoice(name, _declared(system, name)) for name in names)


def reject_empty(system: System, choices: tuple[ScopeChoice, ...],
                 asked: tuple[str, ...]) -> None:
    """Raise `UserError` (WC302) if a property in `asked` speaks of all objects of a pool that is
    empty in every scope: whatever the model says, it would hold."""
    for prop in system.properties:
        if prop.name not in asked or prop.kind is not Kind.INVARIANT:
            continue
        for pool in _spoken_of(prop.formula):
            if all(dict(c.sizes).get(pool, 1) == 0 for c in choices):
                raise _wrong("WC302", f"--scope {pool}=0: property `{prop.name}` needs at least 1",
                             f"--scope {pool}=1")


def _spoken_of(formula: Expr) -> tuple[str, ...]:
    match formula:
        case Quant(QuantOp.FORALL, _, pool, _) | Not(Quant(QuantOp.EXISTS, _, pool, _)):
            return (pool,)
        case And(args):
            parts = [_spoken_of(a) for a in args]
            common = set(parts[0]).intersection(*parts[1:]) if parts else set()
            return tuple(sorted(common))
        case _:
            return ()


def _sized(system: System) -> tuple[Pool, ...]:
    return tuple(p for p in system.pools if not p.single)


def _declared(system: System, name: str) -> tuple[tuple[str, int], ...]:
    """The sizes of a declared scope, for every pool that has one, in the order of pools."""
    sizes = dict(dict(system.scopes)[name])
    return tuple((p.name, sizes.get(p.name, 1)) for p in _sized(system))


def _one(system: System, text: str) -> ScopeChoice:
    if "=" not in text:
        return _named(system, text.strip())
    defaults = system.default_scopes or tuple(name for name, _ in system.scopes[:1])
    sizes = dict(_declared(system, defaults[0])) if defaults else {
        p.name: 1 for p in _sized(system)}
    given: dict[str, int] = {}
    for part in text.split(","):
        pair = _PAIR.fullmatch(part)
        if pair is None:
            raise _wrong("WC305", f"--scope: cannot read `{_short(part.strip())}`",
                         "write POOL=SIZE, separated by commas: --scope " + _example(system))
        pool = _pool(system, pair[1])
        size = _size(pair[1], pair[2])
        key = pool.name if pool is not None else _CALLS[0]
        if key in given:
            raise _wrong("WC306", f"--scope: pool `{pair[1]}` is given twice",
                         "give each pool one size")
        given[key] = size
        if pool is None:
            continue
        if not pool.single:
            sizes[pool.name] = size
        elif size != 1:
            raise _wrong("WC304" if size > 1 else "WC302",
                         f"--scope {pair[1]}={size}: there is always exactly one {pool.name}",
                         f"leave {pool.name} out")
    return ScopeChoice("", tuple(sizes.items()))


def _named(system: System, name: str) -> ScopeChoice:
    known = [n for n, _ in system.scopes]
    match = next((n for n in known if n == name), None)
    if match is None:
        match = next((n for n in known if n.lower() == name.lower()), None)
    if match is not None:
        return ScopeChoice(match, _declared(system, match))
    near = closest(name, known)
    listed = ", ".join(known) or "none"
    raise _wrong("WC307", f"--scope: the model has no scope `{_short(name)}`",
                 (f"did you mean `{near}`? " if near else "") +
                 f"scopes: {listed}; or give sizes: --scope {_example(system)}")


def _pool(system: System, name: str) -> Pool | None:
    """The pool called `name`; None for calls in a model where no call is ever interrupted."""
    exact = next((p for p in system.pools if p.name == name), None)
    if exact is not None:
        return exact
    folded = next((p for p in system.pools if p.name.lower() == name.lower()), None)
    if folded is not None:
        return folded
    if name.lower() in _CALLS:
        return next((p for p in system.pools if p.calls), None)
    known = [p.name for p in _sized(system) if not p.calls]
    near = closest(name, known)
    raise _wrong("WC301", f"--scope: no pool named `{_short(name)}`",
                 (f"did you mean `{near}`? " if near else "") +
                 f"pools of {system.name}: {', '.join((*known, 'calls'))}")


def _size(pool: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]+", text, re.ASCII):
        what = f"`{_short(text)}` is not a size" if text else "the size is missing"
        raise _wrong("WC305", f"--scope {pool}=: {what}",
                     f"sizes are whole numbers from 0 to {MAX_SIZE}: --scope {pool}=2")
    if len(text.lstrip("0")) > 9 or int(text) > MAX_SIZE:
        raise _wrong("WC304", f"--scope {pool}={_short(text)}: at most {MAX_SIZE} of a pool",
                     "defects of lifecycles show with two or three objects of a kind: "
                     f"--scope {pool}=3")
    return int(text)


def _example(system: System) -> str:
    return ",".join(f"{p.name}=2" for p in _sized(system)[:2] if not p.calls) or "calls=1"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _wrong(code: str, message: str, help_: str) -> UserError:
    return UserError((Diagnostic(code, message, help=help_),), exit_code=2)
