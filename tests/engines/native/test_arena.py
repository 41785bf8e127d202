"""Arrays outside Python's heap: what is new in them, and what stays."""

from __future__ import annotations

import pytest

from wddmcheck.engines.native import arena
from wddmcheck.engines.native.arena import Block


@pytest.mark.parametrize("spare", [1, 8])
@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_a_renewed_array_is_all_zero(size: int, spare: int,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """However often, in place and elsewhere, and wherever something was written before."""
    monkeypatch.setattr(arena, "SPARE", spare)
    block, count = Block(size, 4), 4
    try:
        for _ in range(12):
            block.fill([255], block.count)
            count *= 2
            block.renew(count)
            assert block.count == count
            assert block.content(count) == bytes(count * size)
    finally:
        block.free()


def test_what_is_there_stays_when_an_array_grows() -> None:
    block = Block(4, 3)
    try:
        block.fill([7, 8, 9], 1)
        for count in (10, 1_000, 100_000):
            block.grow(count)
            assert [block[i] for i in range(3)] == [7, 8, 9]
            block[count - 1] = count
            assert block[count - 1] == count
    finally:
        block.free()


def test_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    block = Block(8, 4)
    try:
        with pytest.raises(MemoryError):
            block.grow(1 << 56)
        assert block.count == 4
        with pytest.raises(MemoryError):
            block.renew(1 << 56)
        assert block.count == 0
    finally:
        block.free()
