"""Where the canonical form keeps a state that is spread out in memory: numbers of 64-bit words."""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.engines.native.plan import Plan


@dataclass
class Room:
    """Word numbers. Colours come first, in one region a pool: of its slots, then of `none` and
    `dangling`, so that a code leads to its colour."""

    plan: Plan
    colours: int = 0              # words of all colours
    size: int = 0
    fixed: int = 0                # the bits of each word that renaming leaves in place
    named: int = 0                # per pool: its slots that something refers to
    ties: int = 0                 # how many slots are not settled
    hard: int = 0                 # per pool: whether some of its slots are not settled
    tied: int = 0                 # like colours: whether another slot has the same colour
    place: int = 0                # like colours: where a slot comes
    names: int = 0                # like colours: what a slot is called in the canonical state
    rows: dict[str, int] = field(default_factory=dict)    # per slot: those with the same relations
    _slots: dict[str, int] = field(default_factory=dict)
    _records: list[int] = field(default_factory=list)
    _cells: dict[str, int] = field(default_factory=dict)
    _sorted: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan) -> Room:
        """The room for states of a plan."""
        room, sizes = cls(plan), plan.layout.sizes
        for pool in plan.pools:
            room._slots[pool] = room._take(sizes[pool] + 2)
        room.colours = room.size
        for group in plan.groups:
            room._records.append(room._take(len(group.spots)))
        for var in plan.loose():
            room._cells[var.name] = room._take(len(plan.spots[var.name]))
        for pool in plan.pools:
            room._sorted[pool] = room._take(sizes[pool])
            if any(pool in plan.axes(v) for v in plan.loose()):
                room.rows[pool] = room._take(sizes[pool])
        room.fixed = room._take(plan.words)
        room.named = room._take(len(plan.pools))
        room.ties = room._take(1)
        room.hard = room._take(len(plan.pools))
        room.tied = room._take(room.colours)
        room.place = room._take(room.colours)
        room.names = room._take(room.colours)
        return room

    def _take(self, words: int) -> int:
        at = self.size
        self.size += words
        return at

    def slot(self, pool: str, slot: int) -> int:
        """The colour of a slot, in an array of colours."""
        return self._slots[pool] + slot

    def colour(self, pool: str, slot: int) -> int:
        """The first colour of a slot, in the room."""
        return self._slots[pool] + slot

    def record(self, group: int, slot: int) -> int:
        """A record."""
        return self._records[group] + slot

    def cell(self, name: str, index: tuple[int, ...]) -> int:
        """A value that is in no record."""
        var = self.plan.layout.variables[name]
        flat = 0
        for pool, slot in zip(self.plan.axes(var), index, strict=True):
            flat = flat * self.plan.layout.sizes[pool] + slot
        return self._cells[name] + flat

    def sorted(self, pool: str, place: int) -> int:
        """Which slot comes at a place."""
        return self._sorted[pool] + place

    def regions(self) -> list[tuple[int, int]]:
        """Of each pool: where its colours start, and how many slots it has."""
        return [(self._slots[p], self.plan.layout.sizes[p]) for p in self.plan.pools]


def network(size: int) -> list[tuple[int, int]]:
    """Exchanges that sort `size` numbers (Batcher 1968)."""
    result = []
    p = 1
    while p < size:
        k = p
        while k >= 1:
            for j in range(k % p, size - k, 2 * k):
                for i in range(min(k, size - j - k)):
                    if (i + j) // (p * 2) == (i + j + k) // (p * 2):
                        result.append((i + j, i + j + k))
            k //= 2
        p *= 2
    return result
