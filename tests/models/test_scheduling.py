"""The models that do not stand on the base miniport (hardware queues, fences and events, locks,
threading, bring-up, sharing, DMA buffers, objects of the display): clean under every policy,
nothing hollow at their default scopes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.support.models import shipped
from wddmcheck.cli.main import run
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Kind
from wddmcheck.result.verdict import Proved, Violated

MODELS = ("hardware_queues", "fences_events", "locks", "threading", "bring_up", "sharing",
          "dma_buffers", "display_objects")
SLOW = ("hardware_queues", "locks", "threading")
POLICIES = {
    "hardware_queues": {"Rotation": ("overlaps", "serialised")},
    "fences_events": {"Signals": ("until_destroyed", "until_closed"),
                      "G17": ("any_order", "events_first")},
    "locks": {}, "bring_up": {}, "sharing": {}, "dma_buffers": {},
    "display_objects": {"G30": ("before_stop", "any_time")},
    "threading": {"G19": ("on", "off"), "G26": ("honoured", "dropped")},
}


def answers() -> Iterator[tuple[str, dict[str, str]]]:
    """Each model with each combination of answers to its open questions."""
    for name, policies in POLICIES.items():
        for choice in product(*policies.values()):
            yield name, dict(zip(policies, choice, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_all_policies_are_tried(name: str) -> None:
    """And the first answer of each is the default."""
    system = shipped(f"models/{name}.wddm")
    assert dict(system.policies) == {p: choices[0] for p, choices in POLICIES[name].items()}


@pytest.mark.parametrize(("name", "policies"), list(answers()),
                         ids=lambda v: v if isinstance(v, str) else "-".join(v.values()))
def test_clean_under_every_policy(name: str, policies: dict[str, str]) -> None:
    system = shipped(f"models/{name}.wddm", policies)
    scope = dict(dict(system.scopes)["small"])
    claims = tuple(p.name for p in system.properties
                   if not p.goal and p.kind is not Kind.REACHABLE)
    verdicts = get("interpret").check(CheckTask(system, scope, claims)).verdicts
    assert {n: v for n, v in verdicts.items() if not isinstance(v, Proved)} == {}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in MODELS])
def test_a_plain_verify_proves_everything_and_nothing_is_hollow(name: str) -> None:
    assert run(["verify", f"models/{name}.wddm", "--no-progress", "--quiet"]) == 0


@pytest.mark.parametrize(("variant", "name", "answer"), [
    ("hardware_queues/doorbell_freed_before_unmapping", "Rotation", "serialised"),
    ("fences_events/native_fence_unregistered_late", "Signals", "until_closed"),
    ("fences_events/destroycpuevent_reads_device", "G17", "events_first"),
    ("threading/power_down_before_interrupts", "G19", "off")])
def test_each_open_question_matters(variant: str, name: str, answer: str) -> None:
    """The same defect, which is found under the default answer, cannot show under another."""
    path = Path(f"models/seeded/{variant}.wddm")
    match = re.search(r"^/// violates: (\w+) in", path.read_text(encoding="utf-8"), re.M)
    assert match
    system = shipped(str(path), {name: answer})
    scope = dict(dict(system.scopes)["seeded"])
    verdicts = get("interpret").check(CheckTask(system, scope, (match[1],))).verdicts
    assert isinstance(verdicts[match[1]], Proved)


def test_one_thread_a_process_hides_a_missing_lock() -> None:
    """With one process, the list of contexts is safe without a lock only as long as its threads
    stay out of each other's way (G26)."""
    path = "models/seeded/threading/context_list_without_lock.wddm"
    found = {}
    for answer in POLICIES["threading"]["G26"]:
        system = shipped(path, {"G26": answer})
        scope = {**dict(dict(system.scopes)["seeded"]), "Process": 1, "Device": 1}
        name = "every_context_is_listed"
        found[answer] = get("interpret").check(CheckTask(system, scope, (name,))).verdicts[name]
    assert isinstance(found["honoured"], Proved)
    assert isinstance(found["dropped"], Violated)


def test_the_catalogue_of_properties_is_covered() -> None:
    """SP-19 to SP-24 each have a property that says so. (Built-in ones that a model cannot break
    are not in its system, so the texts are read.)"""
    text = " ".join(Path(f"models/{name}.wddm").read_text(encoding="utf-8") for name in MODELS)
    assert [n for n in range(19, 25) if f"SP-{n})" not in text and f"SP-{n}," not in text] == []
