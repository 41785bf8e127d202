"""Pool memory: poison, double free, tags, leaks, paged memory, failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from wddmcheck.machine.findings import BugCheck, Finding, Kind
from wddmcheck.machine.pool import PagedStructure, Pool, Structure, block_of, freed
from wddmcheck.machine.processor import Irql, Processor


@dataclass(eq=False, repr=False)
class Thing(Structure):
    TAG: ClassVar[str] = "Thng"
    value: int = 0


@dataclass(eq=False, repr=False)
class Paged(PagedStructure):
    TAG: ClassVar[str] = "Pagd"
    value: int = 0


@pytest.fixture
def pool() -> Pool:
    return Pool(Processor())


def made(pool: Pool) -> Thing:
    thing = pool.allocate(Thing, value=7)
    assert thing is not None
    return thing


def stopped(error: pytest.ExceptionInfo[BugCheck]) -> Finding:
    return error.value.finding


def test_a_handle_leads_back_to_the_structure(pool: Pool) -> None:
    thing = made(pool)
    address = pool.address(thing)
    assert pool.at(address, Thing) is thing
    assert (thing.value, pool.is_live(address)) == (7, True)


@pytest.mark.parametrize("access", ["read", "write"])
def test_a_touch_after_the_free_says_where(pool: Pool, access: str) -> None:
    thing = made(pool)
    address = pool.address(thing)
    pool.free(thing, Thing.TAG)
    assert freed(thing)
    with pytest.raises(BugCheck) as error:
        if access == "read":
            _ = pool.at(address, Thing).value
        else:
            thing.value = 3
    found = stopped(error)
    assert (found.kind, found.stop, found.objects) == (Kind.USE_AFTER_FREE, "0xD5", (address,))
    allocated, gone = found.details
    assert allocated.startswith("Thng at ")
    assert "test_pool.py" in allocated
    assert "in made" in allocated
    assert "in test_a_touch_after_the_free_says_where" in gone
    assert "test_a_touch_after_the_free_says_where" in found.where


def test_a_double_free(pool: Pool) -> None:
    thing = made(pool)
    pool.free(thing, Thing.TAG)
    with pytest.raises(BugCheck) as error:
        pool.free(thing, Thing.TAG)
    assert (stopped(error).kind, stopped(error).stop) == (Kind.DOUBLE_FREE, "0xC2/0x7")
    assert len(stopped(error).details) == 2


def test_another_tag(pool: Pool) -> None:
    with pytest.raises(BugCheck) as error:
        pool.free(made(pool), "Othr")
    assert (stopped(error).kind, stopped(error).stop) == (Kind.BAD_ACCESS, "0xC2/0xA")


@pytest.mark.parametrize("what", [None, Thing()])
def test_a_free_of_what_is_no_block(pool: Pool, what: Thing | None) -> None:
    with pytest.raises(BugCheck) as error:
        pool.free(what, Thing.TAG)
    assert stopped(error).stop == "0xC2/0x46"


def test_an_address_where_nothing_ever_was(pool: Pool) -> None:
    with pytest.raises(BugCheck) as error:
        pool.at(0x4000_0040, Thing)
    assert (stopped(error).kind, stopped(error).stop) == (Kind.BAD_HANDLE, "0x50")


def test_an_address_of_something_else(pool: Pool) -> None:
    thing = made(pool)
    with pytest.raises(BugCheck) as error:
        pool.at(pool.address(thing), Paged)
    assert "is a Thing" in stopped(error).message


def test_addresses_are_not_used_again(pool: Pool) -> None:
    seen = set()
    for _ in range(50):
        thing = made(pool)
        seen.add(pool.address(thing))
        pool.free(thing, Thing.TAG)
    assert len(seen) == 50


def test_leaks(pool: Pool) -> None:
    assert pool.leaks() is None
    one, two = made(pool), made(pool)
    pool.free(one, Thing.TAG)
    leak = pool.leaks()
    assert leak is not None
    assert (leak.kind, leak.stop, leak.objects) == (Kind.LEAK, "0xC4/0x62", (pool.address(two),))
    assert "in made" in leak.details[0]


@pytest.mark.parametrize("level", [Irql.DISPATCH_LEVEL, Irql.DIRQL])
def test_paged_memory_is_out_of_reach(pool: Pool, level: Irql) -> None:
    paged = pool.allocate(Paged)
    assert paged is not None
    with pool.processor.at(Irql.APC_LEVEL):
        assert paged.value == 0
    for touch in (lambda: paged.value, lambda: setattr(paged, "value", 1),
                  lambda: pool.allocate(Paged)):
        with pool.processor.at(level), pytest.raises(BugCheck) as error:
            touch()
        assert (stopped(error).kind, stopped(error).stop) == (Kind.BAD_IRQL, "0xD1")
        assert "Pagd" in stopped(error).message


def test_the_level_comes_back_after_a_bug_check(pool: Pool) -> None:
    paged = pool.allocate(Paged)
    assert paged is not None
    with pytest.raises(BugCheck), pool.processor.at(Irql.DIRQL):
        _ = paged.value
    assert pool.processor.irql is Irql.PASSIVE_LEVEL


def test_failures_by_class() -> None:
    asked: list[str] = []

    def fails(kind: str) -> bool:
        asked.append(kind)
        return kind == "Thing"

    pool = Pool(Processor(), fails=fails)
    assert pool.allocate(Thing) is None
    assert pool.allocate(Paged) is not None
    assert asked == ["Thing", "Paged"]
    assert [b.kind for b in pool.live()] == [Paged]


def test_the_one_who_is_told_of_a_free() -> None:
    told: list[int] = []
    pool = Pool(Processor(), on_free=lambda block: told.append(block.address))
    thing = made(pool)
    pool.free(thing, Thing.TAG)
    assert told == [block_of(thing).address]
    with pytest.raises(BugCheck):
        pool.free(thing, Thing.TAG)
    assert len(told) == 1


def test_what_is_shown_of_a_structure(pool: Pool) -> None:
    thing = made(pool)
    assert repr(thing) == f"<Thing at {pool.address(thing):#x}>"
    pool.free(thing, Thing.TAG)
    assert repr(thing).startswith("<freed Thng at ")
