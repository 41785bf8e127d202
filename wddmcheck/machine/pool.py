"""Tagged pool memory for the driver's structures, as Driver Verifier's special pool keeps it.

A structure is an ordinary Python object of a class derived from `Structure`. `free` poisons it: it
is emptied and its class exchanged, so that whatever touches it later stops the machine with the
places of the access, the allocation and the free. Addresses are never used twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeVar

from wddmcheck.machine.findings import Finding, Kind, call_site, stop
from wddmcheck.machine.processor import Processor

BASE = 0xFFFF_A000_0000_1000
STEP = 0x1000
"""Special pool: a page for each block, with nothing mapped behind it."""


class Structure:
    """A structure in pool memory that is never paged out. `TAG` is its pool tag; `WITHIN` is the
    field that points to the structure that it must not outlive, "" if it has none."""

    TAG: ClassVar[str] = "????"
    PAGED: ClassVar[bool] = False
    WITHIN: ClassVar[str] = ""

    def __repr__(self) -> str:
        block = _block_of(self)
        where = f"at {block.address:#x}" if block is not None else "outside the pool"
        return f"<{type(self).__name__} {where}>"


class PagedStructure(Structure):
    """A structure in paged memory: not to be touched at or above DISPATCH_LEVEL."""

    PAGED: ClassVar[bool] = True

    if not TYPE_CHECKING:  # (a type checker would take any attribute name for granted)
        def __getattribute__(self, name: str) -> object:
            if not name.startswith("__"):
                block = _block_of(self)
                if block is not None:
                    block.pool.processor.touch_paged(block.tag)
            return object.__getattribute__(self, name)

        def __setattr__(self, name: str, value: object) -> None:
            block = _block_of(self)
            if block is not None:
                block.pool.processor.touch_paged(block.tag)
            object.__setattr__(self, name, value)


class _Freed:
    """What a structure becomes when it is freed."""

    def __getattribute__(self, name: str) -> object:
        if not name.startswith("__"):
            _touched(self, "reads", name)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        _touched(self, "writes", name)

    def __repr__(self) -> str:
        return f"<freed {_block(self).tag} at {_block(self).address:#x}>"


@dataclass(slots=True, eq=False)
class Block:
    """One allocation: what it holds, where it was made and freed."""

    address: int
    tag: str
    kind: type[Structure]
    pool: Pool
    allocated_at: str
    content: object = None
    made_by: object = None
    freed_at: str = ""
    freed: bool = False

    def lives_within(self, other: Block) -> bool:
        """Whether what it holds must not outlive what `other` holds."""
        if self.freed or not self.kind.WITHIN:
            return False
        owner = object.__getattribute__(self.content, "__dict__").get(self.kind.WITHIN)
        return owner is not None and owner is other.content

    def history(self) -> tuple[str, ...]:
        """Where it was allocated and freed."""
        lines = [f"{self.tag} at {self.address:#x} was allocated at {self.allocated_at or '?'}"]
        if self.freed:
            lines.append(f"and freed at {self.freed_at or '?'}")
        return tuple(lines)


S = TypeVar("S", bound=Structure)


@dataclass(slots=True)
class Pool:
    """The pool of one driver: all `blocks` there ever were, and the `living`. `fails` decides, by
    the name of the class, whether an allocation fails; `on_free` is told of each free before it
    happens; `caller` is on whose behalf the driver runs, as blocks remember it."""

    processor: Processor
    blocks: dict[int, Block] = field(default_factory=dict)
    living: dict[int, Block] = field(default_factory=dict)
    fails: Callable[[str], bool] | None = None
    on_free: Callable[[Block], None] | None = None
    caller: object = None
    _next: int = BASE

    def allocate(self, kind: type[S], **fields: object) -> S | None:
        """ExAllocatePool2: a structure of class `kind` with `fields`, None if there is no memory.
        Raises `BugCheck` above DISPATCH_LEVEL, for paged memory above APC_LEVEL."""
        if kind.PAGED:
            self.processor.touch_paged(kind.TAG)
        if self.fails is not None and self.fails(kind.__name__):
            return None
        content = kind.__new__(kind)
        block = Block(self._next, kind.TAG, kind, self, call_site(), content,
                      made_by=self.caller)
        self._next += STEP
        self.blocks[block.address] = self.living[block.address] = block
        content.__dict__["_block"] = block
        content.__init__(**fields)  # type: ignore[misc]
        return content

    def free(self, structure: Structure | None, tag: str) -> None:
        """ExFreePoolWithTag. Raises `BugCheck` for what is not a live block with that tag."""
        block = None if structure is None else _block_of(structure)
        if block is None:
            stop(Kind.BAD_ACCESS, f"{structure!r} is freed, which is no pool block", "0xC2/0x46")
        if block.freed:
            stop(Kind.DOUBLE_FREE, f"{block.tag} is freed twice", "0xC2/0x7",
                 objects=(block.address,), details=block.history())
        if block.tag != tag:
            stop(Kind.BAD_ACCESS, f"{block.tag} is freed with tag {tag}", "0xC2/0xA",
                 objects=(block.address,), details=block.history())
        if self.on_free is not None:
            self.on_free(block)
        block.freed, block.freed_at = True, call_site()
        del self.living[block.address]
        assert structure is not None
        structure.__dict__.clear()
        structure.__dict__["_block"] = block
        object.__setattr__(structure, "__class__", _Freed)

    def address(self, structure: Structure) -> int:
        """The address of a structure: what a driver gives Dxgkrnl as its handle."""
        return _block(structure).address

    def at(self, address: int, kind: type[S]) -> S:
        """The structure at `address`, as a cast of a handle to a pointer. The block may be freed:
        whoever touches it finds out. Raises `BugCheck` where nothing of that class ever was."""
        block = self.blocks.get(address)
        if address == 0:
            stop(Kind.BAD_ACCESS, f"NULL is used as a pointer to {kind.__name__}", "0x50")
        if block is None:
            stop(Kind.BAD_HANDLE, f"{address:#x} is used as a pointer to {kind.__name__}, and "
                 "nothing is mapped there (is it a handle of Dxgkrnl's?)", "0x50",
                 objects=(address,))
        if not issubclass(block.kind, kind):
            stop(Kind.BAD_HANDLE, f"{address:#x} is used as a pointer to {kind.__name__}, and is a "
                 f"{block.kind.__name__}", "0x50", objects=(address,), details=block.history())
        return block.content  # type: ignore[return-value]

    def live(self) -> Iterator[Block]:
        """All blocks that are not freed, oldest first."""
        return iter(tuple(self.living.values()))

    def is_live(self, address: int) -> bool:
        """Whether a block is there and not freed."""
        return address in self.living

    def leaks(self, kept: object = None) -> Finding | None:
        """What is left, as Driver Verifier reports it when a driver is unloaded (0xC4/0x62); but
        not what was made on behalf of `kept`."""
        left = tuple(b for b in self.live() if kept is None or b.made_by is not kept)
        if not left:
            return None
        tags = ", ".join(b.tag for b in left)
        return Finding(Kind.LEAK, f"{len(left)} pool block{'s' * (len(left) > 1)} left: {tags}",
                       tuple(b.address for b in left), "0xC4/0x62",
                       details=tuple(line for b in left for line in b.history()))


def freed(structure: object) -> bool:
    """Whether a pointer points to freed memory (for those who inspect the machine, not for
    drivers)."""
    return type(structure) is _Freed


def block_of(structure: object) -> Block:
    """The block behind a pointer, live or freed (for those who inspect the machine)."""
    return _block(structure)


def _block(structure: object) -> Block:
    block = _block_of(structure)
    assert block is not None
    return block


def _block_of(structure: object) -> Block | None:
    block = object.__getattribute__(structure, "__dict__").get("_block")
    return block if isinstance(block, Block) else None


def _touched(structure: object, how: str, name: str) -> NoReturn:
    block = _block(structure)
    stop(Kind.USE_AFTER_FREE, f"the driver {how} {block.kind.__name__}.{name} after it was freed",
         "0xD5", objects=(block.address,), details=block.history())
