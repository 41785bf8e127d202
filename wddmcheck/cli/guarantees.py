"""The guarantees that a model uses, as `wddmcheck verify MODEL --without help` lists them."""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.cli import catalogue
from wddmcheck.cli.catalogue import Rule
from wddmcheck.cli.links import place_of
from wddmcheck.lower.guarantees import LEVELS, Guarantee, guarantees
from wddmcheck.pipeline import Typed
from wddmcheck.report.lines import fold


def lines(typed: Typed) -> Iterator[str]:
    """Every guarantee of the model with its text, its page and the calls that it concerns."""
    known = guarantees(typed.model)
    yield f"{typed.path}: " + (f"{len(known)} guarantees that --without can drop" if known else
                               "no guarantee that --without could drop")
    rules = catalogue.load().rules if known else {}
    for guarantee in known.values():
        yield from _guarantee(guarantee, rules, typed)


def _guarantee(guarantee: Guarantee, rules: dict[str, Rule], typed: Typed) -> Iterator[str]:
    rule = rules.get(guarantee.name)
    text = guarantee.text
    if guarantee.name not in LEVELS:
        text = rule.text if rule is not None else "not in the catalogue of rules"
    yield from fold(f"  {guarantee.name}: {text}", 6)
    if guarantee.name in LEVELS:
        level = LEVELS[guarantee.name]
        yield from fold(f"      {level.rule}, {level.page}", 8)
        yield from fold(f"      calls: {', '.join(block for block, _ in guarantee.said)}", 8)
        return
    said = [f"{block} ({place_of(origin.span, typed.sources)})" for block, origin in guarantee.said]
    yield from fold(f"      requires of {', '.join(said)}", 8)
