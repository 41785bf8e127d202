"""What the native engine can take, found without building anything and without LLVM."""

from __future__ import annotations

from wddmcheck.engines.native.plan import Plan

MAX_POOL = 62
"""Slots of a pool, with symmetry: their numbers go into the lowest 6 bits of a colour, and sets of
them, with `none` and `dangling`, into a word."""

MAX_WIDTH = 32
"""Bits of a value."""

MAX_WORDS = 512
"""Words of a state."""


def refusal(plan: Plan, symmetry: bool) -> str:
    """Why this engine cannot explore states as `plan` has them; empty if it can."""
    layout = plan.layout
    most = max(layout.sizes.values(), default=0)
    if symmetry and most > MAX_POOL:
        return f"a pool of {most} slots; with symmetry this engine takes up to {MAX_POOL}"
    if any(plan.width(v) > MAX_WIDTH for v in layout.system.variables):
        return f"a variable whose values need more than {MAX_WIDTH} bits"
    if plan.words > MAX_WORDS:
        return f"states of {plan.words} words; this engine takes up to {MAX_WORDS}"
    return ""
