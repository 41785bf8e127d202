"""What `wddmcheck docs --checkout` prints: passages that changed, and the sentences of a page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.docpages import passages
from wddmcheck.docpages.checkout import read_pages
from wddmcheck.docpages.passages import Finding, Relied, State
from wddmcheck.docpages.sentences import sentences
from wddmcheck.docpages.terms import key_terms

SCHEMA = 1
"""Version of the JSON form."""
_SAID = {
    State.MOVED: "the sentence is now in another section",
    State.REWORDED: "the sentence is not there; one with its terms is",
    State.GONE: "the sentence is not there, nor one with its terms",
    State.NO_PAGE: "the page is not there",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """Every passage against the checkouts; `unpinned` are pages without passages, because no
    checkout had them when the rules were written, and `arrived` those of them that are there
    now."""

    findings: tuple[Finding, ...]
    unpinned: tuple[str, ...]
    arrived: tuple[str, ...]

    @property
    def changed(self) -> tuple[Finding, ...]:
        """Those that somebody has to look at."""
        return tuple(f for f in self.findings if f.state in _SAID)


def compare(folders: tuple[str, ...]) -> Compared:
    """Raises `UserError` (exit code 2) if a folder is no checkout."""
    relied = passages.load()
    pages = read_pages(folders, (p.path for p in relied.pages.values()))
    unpinned = tuple(p for p in relied.pages.values() if not p.date)
    return Compared(passages.compare(relied, pages), tuple(p.uid for p in unpinned),
                    tuple(p.uid for p in unpinned if p.path in pages.texts))


def as_text(compared: Compared) -> Iterator[str]:
    """What changed, page by page, then counts."""
    page = ""
    for finding in sorted(compared.changed, key=lambda f: f.passage.page):
        passage = finding.passage
        if passage.page != page:
            page = passage.page
            yield page
        yield f"  {passage.rule}  {passage.at}: {_SAID[finding.state]}"
        if finding.state is not State.NO_PAGE:
            yield f"      terms: {', '.join(passage.terms)}"
        if finding.place:
            yield f"      now at: {finding.place}"
    if page:
        yield ""
    for uid in compared.arrived:
        yield f"{uid} is there now: give it a date and passages (spec/catalogue.md)"
    yield f"pages without passages, read as published: {len(compared.unpinned)}"
    yield counts(compared.findings)


def counts(findings: tuple[Finding, ...]) -> str:
    """`1,005 passages of 172 pages: 1,003 same, 2 reworded`."""
    found = Counter(f.state for f in findings)
    pages = len({f.passage.page for f in findings})
    parts = [f"{found[s]:,} {s.value}" for s in State if found[s] or s is State.SAME]
    return f"{len(findings):,} passages of {pages} pages: {', '.join(parts)}"


def as_json(compared: Compared) -> str:
    """One object: `schema`, `counts`, `unpinned`, `arrived`, and `changed` with a rule, page and
    state each."""
    found = Counter(f.state for f in compared.findings)
    return json.dumps({
        "schema": SCHEMA,
        "counts": {state.value: found[state] for state in State},
        "unpinned": compared.unpinned,
        "arrived": compared.arrived,
        "changed": [{"rule": f.passage.rule, "page": f.passage.page, "at": f.passage.at,
                     "hash": f.passage.hash, "terms": f.passage.terms, "state": f.state.value,
                     "now": f.place or None} for f in compared.changed],
    }, indent=1)


def as_markdown(compared: Compared) -> Iterator[str]:
    """A table, a row a changed passage."""
    yield "| rule | page | place | state | now at | terms |"
    yield "|---|---|---|---|---|---|"
    for f in compared.changed:
        yield (f"| {f.passage.rule} | {f.passage.page} | {f.passage.at} | {f.state.value} | "
               f"{f.place or '-'} | {', '.join(f.passage.terms)} |")
    yield ""
    yield f"{counts(compared.findings)}."


def page(uid: str, folders: tuple[str, ...]) -> Iterator[str]:
    """The sentences of a page, each with the line that makes it a passage, for whoever writes a
    rule. Raises `UserError` (exit code 2) if the page is unknown or not in the checkouts."""
    relied = passages.load()
    path = passages.where(uid, relied)
    if not path:
        raise _unknown(uid, relied)
    texts = read_pages(folders, (path,)).texts
    if path not in texts:
        raise UserError((Diagnostic("WC313", f"--page: the checkout has no {path}"[:300],
                                    help="give the checkout of the other repository too"),),
                        exit_code=2)
    used = {p.hash for p in relied.passages if p.page == uid}
    for sentence in sentences(texts[path]):
        terms = ", ".join(f'"{t}"' for t in key_terms(sentence.text))
        mark = "*" if sentence.fingerprint in used else " "
        yield f"{mark} {sentence.text}"
        yield (f'    {{ at = "{sentence.place}", hash = "{sentence.fingerprint}", '
               f"terms = [{terms}] }},")


def _unknown(uid: str, relied: Relied) -> UserError:
    near = closest(uid, relied.pages)
    return UserError((Diagnostic(
        "WC313", f"--page: no rule rests on a page `{uid[:100]}`",
        help=f"did you mean `{near}`?" if near else
        "give the UID of a page, or its path in the repository"),), exit_code=2)
