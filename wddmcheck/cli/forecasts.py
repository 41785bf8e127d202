"""Which properties forecast a stop code: those that name it (`@bugcheck`), and those that rest on a
rule whose violation may end that way.

In: models, as far as they can be read; the catalogue. Out: text for `wddmcheck explain 0x10E`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wddmcheck.cli.links import place_of
from wddmcheck.docpages.bugchecks import BugCheck, number, split

if TYPE_CHECKING:
    from wddmcheck.pipeline import Typed
    from wddmcheck.sema.model import PropertyDef

SHIPPED = Path("models")
"""Where models are looked for if none is named, as `wddmcheck docs --rules` does."""

_VIOLATES = re.compile(r"^///\s*violates:\s*(\w+)", re.M)

_RUNS = {
    "builtin": "a run whose last step breaks it",
    "before": "a run whose last step is the call",
    "after": "a run whose last step is the return of the call",
    "invariant": "a run to a state that breaks it",
    "never": "a run to a state that breaks it",
    "always possible": "a run to a state without a way back",
    "leads to": "a run that ends in a loop",
}
"""What a counterexample to a claim of this kind is."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A property that forecasts a case. `by` says on what that rests."""

    property: str
    place: str
    by: str
    run: str


def forecasts(case: BugCheck, models: tuple[Typed, ...]) -> tuple[Forecast, ...]:
    """The properties of `models` that forecast `case`, each place once."""
    found = (f for typed in models for f in _of(case, typed))
    return tuple(dict.fromkeys(found))


def shipped() -> tuple[tuple[Typed, ...], tuple[str, ...]]:
    """The models in the folder `models` of the working directory, and those that cannot be read."""
    from wddmcheck.diagnostics.diagnostic import UserError
    from wddmcheck.pipeline import read_model

    models, wrong = [], []
    for path in sorted(SHIPPED.glob("*.wddm")):
        try:
            models.append(read_model(path.as_posix()))
        except UserError:
            wrong.append(path.as_posix())
    return tuple(models), tuple(wrong)


def seeded(name: str) -> tuple[str, ...]:
    """The seeded defects whose header says that they violate the property `name`."""
    return tuple(path.stem for path in sorted((SHIPPED / "seeded").rglob("*.wddm"))
                 if name in _VIOLATES.findall(path.read_text("utf-8", "replace")))


def lines(found: tuple[Forecast, ...]) -> Iterator[str]:
    """Forecasts as sentences."""
    from wddmcheck.replay.outcome import ACCEPTED

    for forecast in found:
        text = f"{forecast.property} ({forecast.place}), {forecast.by}: {forecast.run}"
        shows = sorted(kind.value for kind in ACCEPTED.get(forecast.property, ()))
        if shows:
            text += f"; on the machine: {' or '.join(shows)}"
        examples = seeded(forecast.property)
        if examples:
            more = f" and {len(examples) - 3} more" if len(examples) > 3 else ""
            text += f"; seeded: {', '.join(examples[:3])}{more}"
        yield text


def _of(case: BugCheck, typed: Typed) -> Iterator[Forecast]:
    for prop in typed.model.properties.values():
        by = _by(case, prop)
        if by:
            yield Forecast(prop.name, place_of(prop.origin.span, typed.sources) or typed.path, by,
                           _RUNS.get(prop.claim.kind, "a run"))


def _by(case: BugCheck, prop: PropertyDef) -> str:
    """Why the property forecasts the case; "" if it does not."""
    for text in prop.bugchecks:
        code, parameter = split(text)
        if number(code) == number(case.code) and number(parameter) in (
                "", number(case.parameter1)):
            return "which names it"
    cited = {rule for c in prop.origin.citations for rule in c.rules}
    rules = [rule for rule in case.rules if rule in cited]
    return f"by {', '.join(rules)}" if rules else ""
