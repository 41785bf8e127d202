"""What `wddmcheck explain` knows beside rules and calls: safety properties (SP-4), bug classes
(BC-1), open questions (G-08) and sequences (S7).

In: the TOML files beside spec/rules (their headers say what each key means).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.docpages import files

WITNESSED = "witnessed by"
"""The title of the list of a sequence's witnesses."""

_ID = re.compile(r"([A-Za-z]{1,4})-?0*([0-9]{1,3})")
_WITNESS = re.compile(r"models/[a-z_]+\.wddm:[A-Za-z]\w*")


@dataclass(frozen=True, slots=True)
class Topic:
    """An entry of one of the catalogues. `head` says what it is, `text` in sentences; `steps` are
    numbered when shown; `lists` have a title and ids."""

    id: str
    title: str
    head: str
    text: str
    steps: tuple[str, ...]
    lists: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The properties whose witnesses show the sequence, as `models/NAME.wddm:property`."""
        return next((ids for title, ids in self.lists if title == WITNESSED), ())

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that it names."""
        return next((ids for title, ids in self.lists if title == "rules"), ())


def load() -> dict[str, Topic]:
    """All topics by id. Raises `UserError` (exit code 2) if they cannot be read."""
    names = ("properties.toml", "bugs.toml", "gaps.toml", "sequences.toml")
    folder = files.folder(*names)
    makers = (_property, _bug, _gap, _sequence)
    return {key: make(key, entry) for name, make in zip(names, makers, strict=True)
            for key, entry in files.table(folder / name).items()}


def same_id(text: str, known: Iterable[str]) -> str | None:
    """The id that `text` stands for when case, a hyphen and zeros do not count: `sp4`, `ctx-5`."""
    wanted = _parts(text)
    return next((k for k in known if _parts(k) == wanted), None) if wanted else None


def _parts(text: str) -> tuple[str, int] | None:
    match = _ID.fullmatch(text)
    return (match[1].upper(), int(match[2])) if match else None


def _property(key: str, entry: dict[str, Any]) -> Topic:
    who = {"KMD": "the miniport", "OS": "the operating system",
           "OS+KMD": "the operating system and the miniport"}[entry["who"]]
    return Topic(key, entry["title"], f"a safety property, owed by {who}", _prose(entry["text"]),
                 (), tuple(_lists(entry, ("rules", "rules"), ("gaps", "open questions"))))


def _bug(key: str, entry: dict[str, Any]) -> Topic:
    seeded = tuple(f"models/seeded/{name}.wddm" for name in entry["seeded"])
    return Topic(key, entry["title"], "a bug class", _prose(entry["text"]), (), (
        *_lists(entry, ("violates", "breaks"), ("rules", "rules")),
        *((("seeded in", seeded),) if seeded else ())))


def _gap(key: str, entry: dict[str, Any]) -> Topic:
    answers = [f"{letter}) {answer}" for letter, answer in zip("abc", entry["answers"],
                                                               strict=False)]
    policy = entry.get("policy", "")
    if policy:
        answers = [f"{answer}: --policy {policy}={choice}"
                   for answer, choice in zip(answers, entry["choices"], strict=True)]
    answers[0] += " (taken unless a model says otherwise)"
    return Topic(key, entry["title"], "an open question of the documentation",
                 _prose(entry["text"]), tuple(answers), (
                     *((("decided by", (f"--policy {policy}=...",)),) if policy else ()),
                     *_lists(entry, ("models", "in the models"), ("falls", "violated"),
                             ("rules", "rules"))))


def _sequence(key: str, entry: dict[str, Any]) -> Topic:
    steps = tuple(f"{n}. {step['does']} ({', '.join((step['basis'], *step['rules']))})"
                  for n, step in enumerate(entry["steps"], 1))
    rules = tuple(dict.fromkeys(r for step in entry["steps"] for r in step["rules"]))
    shown = _witnesses(key, entry.get("witness", ()))
    return Topic(key, entry["title"], "a sequence", "", steps, (
        ("rules", rules), *_lists(entry, ("gaps", "open questions")),
        *(((WITNESSED, shown),) if shown else ())))


def _witnesses(key: str, given: object) -> tuple[str, ...]:
    """The properties whose witnesses show a sequence: one `models/NAME.wddm:property`, or several.
    Raises `UserError` (exit code 2) for anything else."""
    found = (given,) if isinstance(given, str) else given
    if not isinstance(found, list | tuple) or not all(
            isinstance(w, str) and _WITNESS.fullmatch(w) for w in found):
        raise UserError((Diagnostic(
            "WC311", f"sequences.toml: {key}: `witness` is no property of a model",
            help='write "models/NAME.wddm:PROPERTY", or a list of such'),), exit_code=2)
    return tuple(found)


def _lists(entry: dict[str, Any], *keys: tuple[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, title in keys:
        if entry.get(key):
            yield title, tuple(entry[key])


def _prose(text: str) -> str:
    return " ".join(text.split())
