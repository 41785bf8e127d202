"""The catalogue of documentation facts: rules, sentences, calls, stop codes.

In: the TOML files of `spec/rules` and `spec/pages` (their headers say what each key means). In a
checkout they are read where they are, beside the package; a build copies them into the package
(setup.py), so that an installed wddmcheck has the catalogue of its own version.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wddmcheck.docpages import bugchecks, files
from wddmcheck.docpages.bugchecks import BugCheck

MODELLED = "modelled"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue. `not_encoded` is why no model needs it; "" for most."""

    id: str
    text: str
    basis: str
    who: str
    pages: tuple[str, ...]
    why: str
    gaps: tuple[str, ...]
    not_encoded: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a page that is covered sentence by sentence. `reason` is why it is out of
    scope; "" if it is modelled."""

    uid: str
    section: str
    ordinal: int
    gist: str
    normative: bool
    rules: tuple[str, ...]
    scope: str
    reason: str

    @property
    def place(self) -> str:
        """`returns 2`, `parameters/hAdapter 1`."""
        return f"{self.section} {self.ordinal}"


@dataclass(frozen=True, slots=True)
class Call:
    """What the pages say about the form of one DDI or callback."""

    name: str
    uid: str
    page: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of it, in the order of the files."""

    rules: dict[str, Rule]
    sentences: tuple[Sentence, ...]
    calls: dict[str, Call]
    bugchecks: tuple[BugCheck, ...]

    def rules_of(self, page: str) -> tuple[Rule, ...]:
        """The rules that rest on a page."""
        return tuple(r for r in self.rules.values() if page in r.pages)


def load() -> Catalogue:
    """The catalogue. Raises `UserError` (exit code 2) if it is not there or cannot be read."""
    folder = files.folder("rules", "pages")
    rules: dict[str, Rule] = {}
    for _, data in _tables(folder / "rules"):
        for name, entry in data.items():
            rules[name] = Rule(name, _prose(entry["text"]), entry["basis"], entry["who"],
                               tuple(entry["pages"]), _prose(entry.get("why", "")),
                               tuple(entry.get("gaps", ())),
                               _prose(entry.get("not_encoded", "")))
    sentences: list[Sentence] = []
    calls: dict[str, Call] = {}
    for name, data in _tables(folder / "pages"):
        if name == "ddis":
            calls = {k: _call(k, v) for k, v in data.items()}
        sentences += [_sentence(s) for s in data.get("sentence", ()) if isinstance(s, dict)]
    return Catalogue(rules, tuple(sentences), calls, bugchecks.load())


def _tables(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.toml")):
        yield path.stem, files.table(path)


def _sentence(entry: dict[str, Any]) -> Sentence:
    return Sentence(entry["uid"], entry["section"], entry["ordinal"], entry["gist"],
                    entry["normative"], tuple(entry["rules"]), entry["scope"],
                    entry.get("reason", ""))


def _call(name: str, entry: dict[str, Any]) -> Call:
    facts = []
    for key, value in entry.items():
        if key in ("uid", "page") or value in ("", []):
            continue
        text = ", ".join(value) if isinstance(value, list) else str(value)
        facts.append((key.replace("_", " "), {"True": "yes", "False": "no"}.get(text, text)))
    return Call(name, entry["uid"], entry["page"], tuple(facts))


def _prose(text: str) -> str:
    return " ".join(text.split())
