"""Names that a target's lexis allows, one for each name of the model, none twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_SPELLED = {"@": "_at_", "%": "own_", ".": "_", "/": "_", "'": "_"}


@dataclass(slots=True)
class Names:
    """Gives out identifiers that are none of `reserved`, words of the target; with `any_case` in
    no case of letters."""

    reserved: frozenset[str]
    any_case: bool = False
    given: dict[tuple[str, str], str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    @classmethod
    def avoiding(cls, words: Iterable[str], *, any_case: bool = False) -> Names:
        """Names that are none of `words`."""
        return cls(frozenset(w.lower() if any_case else w for w in words), any_case)

    def of(self, space: str, name: str, hint: str = "") -> str:
        """The identifier of `name`, which is a variable, a pool, ... as `space` says. The same
        name of another space gets another identifier. `hint` is what to make it from."""
        if (space, name) not in self.given:
            self.given[space, name] = self.fresh(hint or name)
        return self.given[space, name]

    def fresh(self, name: str) -> str:
        """A new identifier that looks like `name`."""
        text = "".join(_SPELLED.get(c, c if c.isascii() and c.isalnum() else "_") for c in name)
        text = re.sub(r"_+", "_", text).strip("_") or "x"
        if text[0].isdigit():
            text = "n" + text
        found, number = text, 1
        while found in self.used or (found.lower() if self.any_case else found) in self.reserved:
            number += 1
            found = f"{text}_{number}"
        self.used.add(found)
        return found

    def changed(self, *spaces: str) -> list[tuple[str, str]]:
        """Pairs (identifier, name) of some spaces, where the two differ."""
        return [(found, name) for (space, name), found in self.given.items()
                if space in spaces and found != name]
