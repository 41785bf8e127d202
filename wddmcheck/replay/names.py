"""Who is who: the identities of a story and the objects of the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wddmcheck.machine.dxgkrnl.objects import OsObject
from wddmcheck.replay.abstraction import GONE, NO_OBJECT, Seen
from wddmcheck.replay.views import DANGLING, FIRST, Fields


@dataclass(slots=True)
class Names:
    """`kinds` are what the classes of the model are to Dxgkrnl, `records` what an identity is to
    it, `keys` what an identity is to the abstraction; `first` the words that fields have at
    first."""

    kinds: Mapping[str, type[OsObject]] = field(default_factory=dict)
    first: frozenset[str] = FIRST
    records: dict[str, OsObject] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=lambda: {NO_OBJECT: ""})
    _of: dict[int, str] = field(default_factory=dict)   # by id() of a record, which `records` keeps

    def record(self, identity: str) -> OsObject | None:
        """Dxgkrnl's record of an identity, None if it never had one."""
        return self.records.get(identity)

    def identity(self, item: object) -> str:
        """The identity of one of Dxgkrnl's objects, "" if the story does not know it."""
        if item is None:
            return "none"
        return self._of.get(id(item), "")

    def bind_records(self, born: Iterable[tuple[str, str]], made: Iterable[OsObject]) -> None:
        """Pair identities that a step created (with their classes) with the records made in it, in
        order."""
        left = list(made)
        for identity, pool in born:
            wanted = self.kinds.get(pool)
            found = next((r for r in left if wanted is not None and isinstance(r, wanted)), None)
            if found is not None:
                self.records[identity] = found
                self._of[id(found)] = identity
                left.remove(found)

    def bind_keys(self, born: Iterable[tuple[str, str]], seen: Iterable[Seen]) -> None:
        """Pair identities with objects of their class that have no name yet, in order."""
        left = [s for s in seen if s.key not in self.keys]
        for identity, pool in born:
            found = next((s for s in left if s.pool == pool), None)
            if found is not None:
                self.keys[found.key] = identity
                left.remove(found)

    def view(self, seen: Iterable[Seen]) -> dict[str, Fields]:
        """The machine's state in the words of the story."""
        result: dict[str, Fields] = {}
        for item in seen:
            fields: Fields = {k: v for k, v in item.words.items() if v not in self.first}
            fields |= {k: self._name(key) for k, key in item.refs.items() if key is not None}
            fields |= {k: tuple(sorted({self._name(key) for key in keys}))
                       for k, keys in item.sets.items() if keys}
            result[self._name(item.key)] = fields
        return result

    def _name(self, key: int) -> str:
        return DANGLING if key == GONE else self.keys.get(key, f"{key:#x}")
