"""A picture of rates, on a logarithmic axis, as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

WIDTH, LEFT, ROW, GAP = 900, 300, 22, 40
COLOURS = ("#1f6f54", "#3c9d7b", "#b0562b", "#8a6fae", "#6b7280")


@dataclass(frozen=True, slots=True)
class Bar:
    """One tool in one group: a rate, whatever its unit in the group."""

    group: str
    name: str
    rate: float


def write(path: Path, bars: list[Bar]) -> None:
    """Write the picture."""
    parts: list[str] = []
    top = GAP
    for group, members in groupby(bars, key=lambda b: b.group):
        own = list(members)
        unit = "states/s" if "all states" in group else "runs/s, end to end"
        low = 10.0 ** math.floor(math.log10(min(b.rate for b in own)))
        high = 10.0 ** math.ceil(math.log10(max(b.rate for b in own) * 1.01))
        parts.append(f'<text x="8" y="{top - 10}" class="h">{escape(group)} ({unit})</text>')
        for i, bar in enumerate(own):
            y = top + i * ROW
            length = (WIDTH - LEFT - 110) * math.log10(bar.rate / low) / math.log10(high / low)
            parts += [
                f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(bar.name)}</text>',
                f'<rect x="{LEFT}" y="{y + 3}" width="{max(length, 1):.1f}" height="{ROW - 6}" '
                f'fill="{COLOURS[i % len(COLOURS)]}"/>',
                f'<text x="{LEFT + length + 6:.1f}" y="{y + 15}">{_short(bar.rate)}</text>']
        top += len(own) * ROW + GAP
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
        'font-family="sans-serif" font-size="13"><style>.h{font-weight:bold}</style>'
        f'<rect width="{WIDTH}" height="{top}" fill="white"/>{"".join(parts)}</svg>\n',
        encoding="utf-8")


def _short(rate: float) -> str:
    if rate >= 1e6:
        return f"{rate / 1e6:.1f} million"
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}"
