"""The sentence table of `wddmcheck docs`: every normative sentence of the covered pages, and what
became of it in a model."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.cli.catalogue import Catalogue, Sentence
from wddmcheck.cli.links import Link


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


def linked(sentence: Sentence, found: tuple[Link, ...]) -> tuple[Link, ...]:
    """The declarations that rest on `sentence`, because they cite one of its rules; those that
    cite its page too come first."""
    by_rule = tuple(x for x in found if set(x.citation.rules) & set(sentence.rules))
    return tuple(sorted(by_rule, key=lambda x: x.citation.uid != sentence.uid))


def unknown_rules(facts: Catalogue, found: tuple[Link, ...]) -> tuple[tuple[str, Link], ...]:
    """Rules that the model cites and the catalogue does not have."""
    return tuple((rule, link) for link in found for rule in link.citation.rules
                 if rule not in facts.rules)


def table(rows: tuple[Row, ...], all_: bool) -> Iterator[str]:
    """The sentences, page by page; with `all_` also those that bind nobody."""
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


def closing(rows: tuple[Row, ...], found: tuple[Link, ...],
            unknown: tuple[tuple[str, Link], ...]) -> Iterator[str]:
    """What the model assumes, what it cites wrongly, and counts."""
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
