"""What each rule relies on, held as fingerprints (spec/passages), against the texts of pages.

In: the catalogue of passages and the pages of a checkout. Out: for each passage whether its
sentence is there in the same words and section, in another section, in other words, or gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from wddmcheck.docpages import files
from wddmcheck.docpages.checkout import Pages
from wddmcheck.docpages.sentences import Sentence, sentences
from wddmcheck.docpages.terms import has_terms

TELLING = 3
"""How many terms it takes to know a sentence again in another section."""


class State(Enum):
    """What became of a passage. All but `SAME` and `UNREAD` are findings."""

    SAME = "same"
    MOVED = "moved"
    REWORDED = "reworded"
    GONE = "gone"
    NO_PAGE = "no page"
    UNREAD = "not read"


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence that a rule relies on. `at` is its place when it was read, `hash` the fingerprint
    of its normalised text, `terms` its key terms."""

    rule: str
    page: str
    at: str
    hash: str
    terms: tuple[str, ...]

    @property
    def section(self) -> str:
        """`remarks` of `remarks 2`."""
        return self.at.rsplit(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class Page:
    """A page that rules rest on. `path` is where it is in its repository; `date` is the page's own
    date (`ms.date`) when it was read, "" if it has not been read in a checkout."""

    uid: str
    path: str
    date: str


@dataclass(frozen=True, slots=True)
class Relied:
    """Everything in spec/passages."""

    pages: dict[str, Page]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage and what became of it; `place` is where it is now, "" if nowhere."""

    passage: Passage
    state: State
    place: str = ""


def load() -> Relied:
    """The catalogue of passages. Raises `UserError` (exit code 2) if it cannot be read."""
    pages: dict[str, Page] = {}
    passages: list[Passage] = []
    for path in sorted((files.folder("passages") / "passages").glob("*.toml")):
        data = files.table(path)
        if path.stem == "pages":
            pages = {uid: Page(uid, entry["path"], entry.get("date", ""))
                     for uid, entry in data.items()}
        else:
            passages += _passages(data)
    return Relied(pages, tuple(passages))


def _passages(data: dict[str, dict[str, list[dict[str, object]]]]) -> Iterator[Passage]:
    for rule, relied in data.items():
        for page, entries in relied.items():
            for entry in entries:
                terms = entry["terms"]
                assert isinstance(terms, list)
                yield Passage(rule, page, str(entry["at"]), str(entry["hash"]), tuple(terms))


def compare(relied: Relied, found: Pages) -> tuple[Finding, ...]:
    """One finding a passage, in their order."""
    read: dict[str, tuple[Sentence, ...]] = {}
    findings = []
    for passage in relied.passages:
        path = relied.pages[passage.page].path
        if not found.covers(path):
            findings.append(Finding(passage, State.UNREAD))
        elif path not in found.texts:
            findings.append(Finding(passage, State.NO_PAGE))
        else:
            if path not in read:
                read[path] = sentences(found.texts[path])
            findings.append(_compare(passage, read[path]))
    return tuple(findings)


def _compare(passage: Passage, page: tuple[Sentence, ...]) -> Finding:
    same = [s for s in page if s.fingerprint == passage.hash]
    for sentence in same:
        if sentence.section == passage.section:
            return Finding(passage, State.SAME, sentence.place)
    if same:
        return Finding(passage, State.MOVED, same[0].place)
    near = [s for s in page if has_terms(s.text, passage.terms)
            and (s.section == passage.section or len(passage.terms) >= TELLING)]
    near.sort(key=lambda s: s.section != passage.section)
    if near:
        return Finding(passage, State.REWORDED, near[0].place)
    return Finding(passage, State.GONE)


def where(uid: str, relied: Relied) -> str:
    """The path of a page by its UID, or by its path; "" if it is unknown."""
    if uid in relied.pages:
        return relied.pages[uid].path
    return uid if uid.endswith(".md") and uid.isprintable() else ""
