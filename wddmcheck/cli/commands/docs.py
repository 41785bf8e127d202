"""`wddmcheck docs`: every normative sentence of the covered pages, and what became of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import common

if TYPE_CHECKING:
    from wddmcheck.cli.catalogue import Catalogue, Sentence
    from wddmcheck.cli.links import Link

DEFAULT_MODEL = "models/miniport.wddm"

@dataclass(frozen=True, slots=True)
class Row:
    """A sentence and the declarations that rest on it."""

    sentence: Sentence
    links: tuple[Link, ...]

    @property
    def settled(self) -> bool:
        """Whether the sentence is linked, out of scope with a reason, or binds nobody."""
        if not self.sentence.normative:
            return True
        if self.sentence.scope == "modelled":
            return bool(self.links)
        return bool(self.sentence.reason)


@click.command(name="docs", short_help="Which sentence of the documentation is modelled where.")
@click.argument("model", default=DEFAULT_MODEL, metavar="[MODEL]")
@click.option("--all", "all_", is_flag=True, help="Also show sentences that bind nobody.")
@common
def command(model: str, all_: bool, color: str, verbose: int, quiet: bool) -> int:
    """Print, for each page that is covered sentence by sentence, every normative sentence with the
    declarations of MODEL that rest on it, or the reason why it is out of scope; then what the
    model assumes without a sentence.

    Exit codes: 0 every sentence is settled, 1 one is neither linked nor out of scope with a
    reason, or the model cites a rule that does not exist.
    """
    from wddmcheck import pipeline
    from wddmcheck.cli import catalogue
    from wddmcheck.cli.links import links
    from wddmcheck.diagnostics.diagnostic import InternalError

    console.configure(color=color, quiet=quiet, verbose=verbose)
    facts = catalogue.load()
    loaded = pipeline.load_model(model, {}, console.sources)
    if loaded.model is None:
        raise InternalError("a loaded model has no typed form")
    found = links(loaded.model, loaded.sources)
    rows = tuple(Row(s, linked(s, found)) for s in facts.sentences)
    unknown = unknown_rules(facts, found)
    console.closed_code = int(bool(unknown) or not all(r.settled for r in rows))
    console.result("\n".join(_table(rows, all_)) + "\n")
    console.result("\n".join(_closing(rows, found, unknown)) + "\n")
    return console.closed_code


def linked(sentence: Sentence, found: tuple[Link, ...]) -> tuple[Link, ...]:
    """The declarations that rest on `sentence`, because they cite one of its rules; those that
    cite its page too come first."""
    by_rule = tuple(x for x in found if set(x.citation.rules) & set(sentence.rules))
    return tuple(sorted(by_rule, key=lambda x: x.citation.uid != sentence.uid))


def unknown_rules(facts: Catalogue, found: tuple[Link, ...]) -> tuple[tuple[str, Link], ...]:
    """Rules that the model cites and the catalogue does not have."""
    return tuple((rule, link) for link in found for rule in link.citation.rules
                 if rule not in facts.rules)


def _table(rows: tuple[Row, ...], all_: bool) -> Iterator[str]:
    page = ""
    for row in rows:
        sentence = row.sentence
        if not (all_ or sentence.normative):
            continue
        if sentence.uid != page:
            if page:
                yield ""
            page = sentence.uid
            yield page
        yield from _wrap(f"  {sentence.place:<26} ", sentence.gist)
        yield from _wrap(" " * 29, _fate(row))


def _fate(row: Row) -> str:
    sentence = row.sentence
    if sentence.scope != "modelled":
        return f"out of scope: {sentence.reason or 'NO REASON GIVEN'}"
    names = tuple(dict.fromkeys(link.text for link in row.links))
    rules = f" [{', '.join(sentence.rules)}]" if sentence.rules else ""
    if not names:
        return f"NOT LINKED{rules}: nothing in the model rests on it" if sentence.normative else (
            "binds nobody" + rules)
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"-> {', '.join(names[:2])}{more}{rules}"


def _closing(rows: tuple[Row, ...], found: tuple[Link, ...],
             unknown: tuple[tuple[str, Link], ...]) -> Iterator[str]:
    normative = [r for r in rows if r.sentence.normative]
    modelled = sum(r.sentence.scope == "modelled" and r.settled for r in normative)
    outside = sum(r.sentence.scope != "modelled" and r.settled for r in normative)
    left = len(normative) - modelled - outside
    yield ""
    assumed = tuple(dict.fromkeys(
        (link.text, link.citation.why) for link in found if link.citation.basis.value == "assumed"))
    if assumed:
        yield "assumed, without a sentence:"
        for text, why in assumed:
            yield from _wrap("  ", f"{text}: {why}")
        yield ""
    for rule, link in unknown:
        yield f"UNKNOWN RULE {rule}, cited by {link.text}"
    pages = len({r.sentence.uid for r in rows})
    yield (f"{pages} pages, {len(normative)} normative sentences: {modelled} linked from the "
           f"model, {outside} out of scope, {left} open")


def _wrap(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=label, subsequent_indent=" " * len(label),
                         break_on_hyphens=False, break_long_words=False)
