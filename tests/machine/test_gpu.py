"""The GPU: segments and page tables, lazily current contexts, reads of what is gone, resets."""

from __future__ import annotations

import pytest

from wddmcheck.machine.findings import BugCheck, Kind, OutOfReachError
from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.gpu.memory import PAGE, POISON, PageTable, Segment, VideoMemory
from wddmcheck.machine.gpu.node import HwContext, Node, Packet, PacketState, Preemption
from wddmcheck.machine.gpu.registers import GONE, Registers

ROOT = 0x1000


@pytest.fixture
def memory() -> VideoMemory:
    return VideoMemory(tables={ROOT: PageTable()})


def mapped(memory: VideoMemory, content: bytes = b"") -> int:
    page = memory.segment.take()
    assert page is not None
    if content:
        memory.segment.write(page, content)
    return memory.tables[ROOT].map(page)


def context(memory: VideoMemory, ident: int) -> HwContext:
    return HwContext(ident, mapped(memory), ROOT)


def run(node: Node, packet: Packet) -> None:
    node.submit(packet)
    node.run(packet.fence)
    node.complete(packet.fence)


# --- memory --------------------------------------------------------------------------------------


def test_freed_pages_are_poisoned_and_come_back() -> None:
    segment = Segment(pages=2)
    one, two = segment.take(), segment.take()
    assert one is not None
    assert two is not None
    assert segment.take() is None
    segment.write(one, b"mine")
    assert segment.read(one) == b"mine".ljust(PAGE, b"\0")
    segment.give_back(one)
    assert segment.read(one) == bytes([POISON]) * PAGE
    assert segment.take() == one


def test_virtual_addresses_are_not_used_again() -> None:
    table = PageTable()
    first = table.map(3)
    assert table.translate(first) == 3
    table.unmap(first)
    assert table.translate(first) is None
    assert table.map(3) != first


def test_an_address_space_that_nobody_has(memory: VideoMemory) -> None:
    assert memory.translate(0x9999, 0x1_0000_0000) is None


# --- contexts ------------------------------------------------------------------------------------


def test_a_context_stays_current_after_its_packet(memory: VideoMemory) -> None:
    node, one = Node(0, memory), context(memory, 1)
    run(node, Packet(one, 1))
    assert node.current is one
    node.save_idle_context()
    assert node.current is None
    page = memory.translate(ROOT, one.save_va)
    assert page is not None
    assert memory.segment.read(page).startswith(one.signature + b" saved")


def test_the_next_context_makes_the_node_save_the_last(memory: VideoMemory) -> None:
    node, one, two = Node(0, memory), context(memory, 1), context(memory, 2)
    run(node, Packet(one, 1))
    run(node, Packet(two, 2))
    page = memory.translate(ROOT, one.save_va)
    assert page is not None
    assert memory.segment.read(page).startswith(one.signature + b" saved")
    assert node.current is two


def test_a_save_into_unmapped_memory(memory: VideoMemory) -> None:
    node, one = Node(0, memory), context(memory, 1)
    run(node, Packet(one, 1))
    memory.tables[ROOT].unmap(one.save_va)
    with pytest.raises(BugCheck, match="nothing is mapped any more") as error:
        node.save_idle_context()
    assert error.value.finding.kind is Kind.GPU_ACCESS
    assert error.value.finding.objects == (one.save_va,)


@pytest.mark.parametrize("becomes", [None, b"somebody else"])
def test_a_save_into_memory_that_was_freed(memory: VideoMemory, becomes: bytes | None) -> None:
    """The page was given back, and perhaps handed out again, while the mapping stayed."""
    node, one = Node(0, memory), context(memory, 1)
    run(node, Packet(one, 1))
    page = memory.translate(ROOT, one.save_va)
    assert page is not None
    memory.segment.give_back(page)
    if becomes is not None:
        while (again := memory.segment.take()) != page:
            assert again is not None
        memory.segment.write(page, becomes)
    with pytest.raises(BugCheck, match="something else's now"):
        node.save_idle_context()


def test_a_load_from_unmapped_memory(memory: VideoMemory) -> None:
    node, one = Node(0, memory), context(memory, 1)
    memory.tables[ROOT].unmap(one.save_va)
    node.submit(Packet(one, 1))
    with pytest.raises(BugCheck, match="loads hardware context 1"):
        node.run(1)


def test_a_context_that_the_node_let_go_is_not_saved(memory: VideoMemory) -> None:
    node, one, two = Node(0, memory), context(memory, 1), context(memory, 2)
    run(node, Packet(one, 1))
    node.abandon(two)
    assert node.current is one
    node.abandon(one)
    memory.tables[ROOT].unmap(one.save_va)
    run(node, Packet(two, 2))


# --- packets -------------------------------------------------------------------------------------


def test_a_packet_reads_its_inputs(memory: VideoMemory) -> None:
    node, one = Node(0, memory), context(memory, 1)
    va = mapped(memory, b"texture")
    run(node, Packet(one, 1, ((va, b"texture"),)))
    memory.tables[ROOT].unmap(va)
    with pytest.raises(BugCheck, match="reads .* nothing is mapped any more"):
        run(node, Packet(one, 2, ((va, b"texture"),)))


def test_a_packet_reads_what_is_there_now(memory: VideoMemory) -> None:
    node, one = Node(0, memory), context(memory, 1)
    va = mapped(memory, b"texture")
    page = memory.translate(ROOT, va)
    assert page is not None
    memory.segment.give_back(page)
    with pytest.raises(BugCheck, match="finds .* not b'texture'"):
        run(node, Packet(one, 1, ((va, b"texture"),)))


def test_what_a_node_cannot_do(memory: VideoMemory) -> None:
    node, one, two = Node(0, memory), context(memory, 1), context(memory, 2)
    for refused in (lambda: node.run(1), lambda: node.complete(1), node.save_idle_context,
                    node.hang, node.preempt):
        with pytest.raises(OutOfReachError):
            refused()
    node.submit(Packet(one, 1))
    node.submit(Packet(two, 2))
    node.run(1)
    for refused in (lambda: node.run(2), lambda: node.run(1), lambda: node.complete(2),
                    node.save_idle_context):
        with pytest.raises(OutOfReachError):
            refused()
    node.hang()
    with pytest.raises(OutOfReachError):
        node.complete(1)
    node.preemption = Preemption.ASKED
    with pytest.raises(OutOfReachError):
        node.preempt()


def test_preemption_saves_and_takes_everything_off(memory: VideoMemory) -> None:
    node, one, two = Node(0, memory), context(memory, 1), context(memory, 2)
    run(node, Packet(one, 1))
    node.submit(Packet(two, 2))
    node.submit(Packet(one, 3))
    node.run(2)
    assert node.reads(ROOT, 0) is False
    node.preemption = Preemption.ASKED
    node.preempt()
    states = [node.packets[f].state for f in (1, 2, 3)]
    assert states == [PacketState.DONE, PacketState.PREEMPTED, PacketState.PREEMPTED]
    assert node.current is two
    page = memory.translate(ROOT, two.save_va)
    assert page is not None
    assert memory.segment.read(page).startswith(two.signature + b" saved")
    with pytest.raises(OutOfReachError):
        node.run(2)


def test_a_preemption_into_freed_memory(memory: VideoMemory) -> None:
    node, one = Node(0, memory), context(memory, 1)
    node.submit(Packet(one, 1))
    node.run(1)
    memory.tables[ROOT].unmap(one.save_va)
    node.preemption = Preemption.ASKED
    with pytest.raises(BugCheck, match="nothing is mapped"):
        node.preempt()


def test_a_reset_aborts_and_forgets(memory: VideoMemory) -> None:
    node, one, two = Node(0, memory), context(memory, 1), context(memory, 2)
    run(node, Packet(one, 1))
    node.submit(Packet(two, 2))
    node.run(2)
    node.hang()
    assert [p.fence for p in node.reset()] == [2]
    assert (node.current, node.hung, node.packets[2].state) == (None, False, PacketState.ABORTED)
    assert node.reset() == ()


def test_a_preemption_is_taken_once() -> None:
    gpu = Gpu()
    registers = Registers(gpu)
    with pytest.raises(OutOfReachError):
        gpu.preempt(0)
    registers.preempt(0)
    assert not registers.take_preemption(0)
    gpu.preempt(0)
    assert gpu.pending
    assert registers.take_preemption(0)
    assert not registers.take_preemption(0)


# --- registers -----------------------------------------------------------------------------------


def test_interrupts() -> None:
    gpu = Gpu()
    registers = Registers(gpu)
    with pytest.raises(OutOfReachError):
        gpu.vsync()
    registers.enable_interrupts(True)
    gpu.vsync()
    assert registers.interrupt_status == 1
    with pytest.raises(OutOfReachError):
        gpu.vsync()
    registers.acknowledge_interrupt()
    assert registers.interrupt_status == 0


def test_a_device_that_is_gone() -> None:
    gpu = Gpu()
    registers = Registers(gpu)
    registers.enable_interrupts(True)
    one = HwContext(1, 0)
    registers.submit(0, Packet(one, 1))
    gpu.unplug()
    with pytest.raises(OutOfReachError):
        gpu.unplug()
    with pytest.raises(OutOfReachError):
        gpu.vsync()
    assert registers.interrupt_status == GONE
    registers.enable_interrupts(False)
    registers.submit(0, Packet(one, 2))
    registers.preempt(0)
    assert (gpu.interrupts_enabled, gpu.pending, list(gpu.nodes[0].packets)) == (True, False, [1])
    assert registers.reset(0) is None
    assert not registers.initialize()
    with pytest.raises(OutOfReachError, match="the device is gone"):
        gpu.run_packet(0, 1)
    gpu.plug_in()
    assert (gpu.present, gpu.interrupts_enabled, gpu.nodes[0].packets) == (True, False, {})


def test_every_register_says_that_it_was_touched() -> None:
    touches: list[int] = []
    registers = Registers(Gpu(), lambda: touches.append(1))
    one = HwContext(1, 0)
    _ = registers.interrupt_status
    registers.acknowledge_interrupt()
    registers.enable_interrupts(True)
    registers.initialize()
    registers.release_post_display()
    registers.copy_engine_ready()
    registers.submit(0, Packet(one, 1))
    registers.retire(0, 1)
    registers.switch_to_null(0, one)
    registers.preempt(0)
    registers.take_preemption(0)
    registers.reset(0)
    registers.lazy_switch()
    assert len(touches) == 13
    registers.is_complete(0, 1)
    registers.is_current(0, one)
    assert len(touches) == 13
