"""Did you mean ...?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `word`, or None if none is close; case is ignored first."""
    names = sorted(set(candidates))
    folded = {name.lower(): name for name in reversed(names)}
    if word.lower() in folded and folded[word.lower()] != word:
        return folded[word.lower()]
    found = get_close_matches(word.lower(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found and folded[found[0]] != word else None
