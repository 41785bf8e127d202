"""Sentence -> key terms: the few words by which a reworded sentence is found again.

The terms of a sentence are at most `MOST` of its words, in lower case and in alphabetical order:
first the names of the interface (they have a capital inside, an underscore or a digit), then the
longest other words. What occurs in every other sentence is left out.
"""

from __future__ import annotations

import re

MOST = 5
"""How many terms a sentence has at most."""

_WORD = re.compile(r"[A-Za-z0-9_]+(?:[-'.][A-Za-z0-9_]+)*")
_NAME = re.compile(r"[a-z][A-Z]|_|[0-9]|^[A-Z]{3,}$")
_COMMON = frozenset(re.findall(r"\S+", """
    about after also another because been before being between both called calling calls could
    display does driver driver's each either following from function functions have into level
    member microsoft might miniport more must only operating other otherwise over parameter points
    should since some specifies structure such system than that their them then there these they
    this those through until uses value when where whether which while will with within without
    would your
"""))


def key_terms(sentence: str) -> tuple[str, ...]:
    """The key terms of a normalised sentence; never empty for a sentence that has a word."""
    found = list(dict.fromkeys(_WORD.findall(sentence)))
    names = [w for w in found if _NAME.search(w)]
    plain = [w for w in found if w not in names and len(w) > 3 and w.lower() not in _COMMON]
    ranked = names + sorted(plain, key=lambda w: (-len(w), w.lower()))
    chosen = dict.fromkeys(w.lower() for w in ranked or found)
    return tuple(sorted(list(chosen)[:MOST]))


def has_terms(sentence: str, terms: tuple[str, ...]) -> bool:
    """Whether all `terms` are words of the sentence, in any case and order."""
    words = {w.lower() for w in _WORD.findall(sentence)}
    return bool(terms) and set(terms) <= words
