"""Which properties and coverage goals a run checks."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.ir.system import System
from wddmcheck.report.words import Exit


@dataclass(frozen=True, slots=True)
class Selection:
    """Names in `system.properties`, in its order. `asked`: the user named them one by one."""

    properties: tuple[str, ...]
    goals: tuple[str, ...]
    asked: bool

    @property
    def names(self) -> tuple[str, ...]:
        """All of them: the properties, then the goals."""
        return self.properties + self.goals


def select(system: System, patterns: tuple[str, ...]) -> Selection:
    """All properties and goals; or those that match one of `patterns` (names or globs) and the
    goals about them. A pattern that matches nothing is a `UserError` (exit code 5): a check that
    was asked for and silently not made would look like success."""
    properties = tuple(p for p in system.properties if not p.goal)
    goals = tuple(p for p in system.properties if p.goal)
    if not patterns:
        return Selection(tuple(p.name for p in properties), tuple(g.name for g in goals), False)
    known = [p.name for p in properties]
    missing = [t for t in patterns if not any(fnmatchcase(name, t) for name in known)]
    if missing:
        raise UserError(tuple(_unknown(text, known) for text in dict.fromkeys(missing)),
                        exit_code=Exit.NOTHING)
    chosen = tuple(n for n in known if any(fnmatchcase(n, t) for t in patterns))
    about = tuple(g.name for g in goals if g.about in chosen)
    return Selection(chosen, about, True)


def named(system: System, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The properties that match one of `patterns` (names or globs), and the goals that are named
    in full, in the order of the system. Raises `UserError` (exit code 2)."""
    known = [p.name for p in system.properties if not p.goal]
    goals = [p.name for p in system.properties if p.goal]
    missing = [t for t in patterns if t not in goals
               and not any(fnmatchcase(name, t) for name in known)]
    if missing:
        raise UserError(tuple(_unknown(text, known) for text in dict.fromkeys(missing)),
                        exit_code=Exit.USAGE)
    return tuple(p.name for p in system.properties if p.name in patterns or (
        not p.goal and any(fnmatchcase(p.name, t) for t in patterns)))


def _unknown(pattern: str, known: list[str]) -> Diagnostic:
    near = closest(pattern, known)
    hint = f"did you mean `{near}`? " if near else ""
    return Diagnostic("WC308", f"--property: no property matches `{pattern[:60]}`",
                      help=f"{hint}properties: {', '.join(known) or 'none'}")
