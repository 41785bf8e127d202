"""Stories: identities, changes, faults, lives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.driver_model import (
    QUICK,
    SYSTEM,
    WIDE,
    gpu,
    invariant,
    lasso,
    leak,
    orphan,
    prop,
    run,
    sources,
    twice,
)
from tests.support.models import system_of
from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.diagnostics.source import SourceFile, SourceMap, Span
from wddmcheck.ir.evaluate import Layout, initial_state, take
from wddmcheck.report.places import Places
from wddmcheck.report.story import ChangeKind, Life, Place, Story, ValueKind
from wddmcheck.report.tell import tell
from wddmcheck.result.verdict import Step, Trace


def told(name: str, trace: Trace, scope: dict[str, int] | None = None) -> Story:
    return tell(SYSTEM, scope or QUICK, prop(name), trace, sources=sources())


def life_of(story: Story, identity: str) -> Life:
    return next(life for life in story.lives if life.object == identity)


def test_a_step_names_its_objects_and_callbacks() -> None:
    story = told("ctx_allocs_freed_first", leak())
    step = story.steps[2]
    assert (step.actor, step.block, step.phase) == ("OS", "DxgkDdiCreateContext", "whole")
    assert [(a.name, a.value.object) for a in step.args] == [("hDevice", "dev#0")]
    assert step.result is not None
    assert step.result.object == "ctx#0"
    (callback,) = step.calls
    assert callback.name == "DxgkCbCreateContextAllocation"
    assert callback.args[0].value.object == "ctx#0"
    assert callback.result is not None
    assert callback.result.object == "ctxalloc#0"
    assert step.places == (Place("models/driver.wddm", 7, 3), Place("models/driver.wddm", 8, 3))
    assert step.cited[0].uid == "NC:d3dkmddi.DXGKDDI_CREATECONTEXT"


def test_created_objects_carry_their_fields() -> None:
    story = told("ctx_allocs_freed_first", leak())
    created = next(c for c in story.steps[2].changes if c.subject == "ctxalloc#0")
    assert created.kind is ChangeKind.CREATED
    assert {f.name: f.value.object for f in created.fields} == {
        "context": "ctx#0", "process": "proc#0"}


def test_only_labelled_variables_show() -> None:
    story = told("no_double_destroy", twice(), WIDE)
    assert all(c.label != "ghost" and "ghost" not in c.subject
               for s in story.steps for c in s.changes)


def test_a_reused_slot_gets_a_new_identity() -> None:
    story = told("no_gpu_access_to_destroyed", gpu(), WIDE)
    assert story.steps[2].result is not None
    assert story.steps[7].result is not None
    assert story.steps[2].result.object == "ctx#0"
    assert story.steps[7].result.object == "ctx#1"
    assert (life_of(story, "ctx#0").born, life_of(story, "ctx#0").died) == (3, 7)
    assert (life_of(story, "ctx#1").born, life_of(story, "ctx#1").died) == (8, None)


def test_an_object_of_a_failed_create_lives_within_its_step() -> None:
    story = told("no_double_destroy", twice(), WIDE)
    step = story.steps[2]
    assert step.status == "STATUS_NO_MEMORY"
    assert step.calls[0].args[0].value.object == "ctx#0"
    assert [c.kind for c in step.changes] == [ChangeKind.CREATED, ChangeKind.DESTROYED]
    assert (life_of(story, "ctx#0").born, life_of(story, "ctx#0").died) == (3, 3)


def test_dangling_references_say_to_what() -> None:
    story = told("current_is_live", invariant())
    dangled = [(c.subject, c.label, c.object) for c in story.steps[6].changes
               if c.kind is ChangeKind.DANGLED]
    assert dangled == [("ctxalloc#0", "context", "ctx#0"), ("", "current", "ctx#0")]
    assert story.objects == ("ctx#0",)


def test_a_faulting_step_says_what_broke_where() -> None:
    story = told("no_double_destroy", twice(), WIDE)
    last = story.steps[-1]
    (fault,) = last.faults
    assert fault.message == "`hContext` was destroyed before"
    assert fault.place == Place("models/driver.wddm", 15, 3)
    assert fault.objects == ("ctx#1",)
    assert last.args[0].value.kind is ValueKind.DANGLING
    assert last.args[0].value.object == "ctx#1"
    assert last.status == ""
    assert life_of(story, "ctx#1").touched == (8,)
    assert life_of(story, "ctx#1").note == "destroyed twice"


def test_calls_in_flight_have_identities() -> None:
    story = told("no_double_destroy", twice(), WIDE)
    assert [s.call for s in story.steps[4:]] == ["call#0", "call#1", "call#0", "call#1"]
    assert story.steps[4].at == "pauses"
    assert story.steps[4].stops == Place("models/driver.wddm", 14, 3)
    assert (life_of(story, "call#0").born, life_of(story, "call#0").died) == (5, 7)
    assert story.waiting == ()


def test_calls_left_in_flight_are_named() -> None:
    trace = run(QUICK, *[(s.action, *s.args) for s in leak().steps[:4]])
    story = tell(SYSTEM, QUICK, prop("a_context_runs"), trace, violated=False, sources=sources())
    assert [(w.call, w.block) for w in story.waiting] == [("call#0", "DxgkDdiDestroyContext")]


def test_written_obligations_find_the_guilty_object() -> None:
    story = told("ctx_allocs_freed_first", leak())
    assert story.objects == ("ctxalloc#0",)
    assert story.broken_at == 7
    assert life_of(story, "ctxalloc#0").note == "still alive"
    assert story.why.bugchecks == ("0x10E/0x33",)
    assert story.why.cited[0].basis == "inferred"
    assert story.why.policies == (("G06", "leak"),)


def test_a_claim_that_stops_the_run_shows_what_the_step_was_about_to_do() -> None:
    action = SYSTEM.actions[-1]
    stops = replace(action, obligations=(replace(action.obligations[0], stops=True),))
    system = replace(SYSTEM, actions=(*SYSTEM.actions[:-1], stops))
    trace = leak()
    trace = replace(trace, steps=(*trace.steps[:-1], replace(trace.steps[-1], state=None)))
    story = tell(system, QUICK, prop("ctx_allocs_freed_first"), trace, sources=sources())
    assert story.steps[-1].changes == told("ctx_allocs_freed_first", leak()).steps[-1].changes
    assert life_of(story, "proc#0").died == 7
    assert story.steps[-1].faults[0].place == story.why.place


def test_claims_are_shown_without_their_annotations() -> None:
    text = '/// t\n@inferred("X", "why")\nproperty p:\n  before D(): no a: A\n'
    files = SourceMap()
    files.add(SourceFile("m.wddm", text))
    places = Places(files)
    start = text.index("@")
    assert places.claim(Span("m.wddm", start, len(text)), "p") == (
        "before D(): no a: A", Place("m.wddm", 3, 1))
    assert places.claim(Span("m.wddm", start, len(text)), "q")[1] == Place("m.wddm", 2, 1)
    assert places.claim(None, "p") == ("", None)


def test_orphans_are_never_freed() -> None:
    story = told("no_orphan", orphan())
    assert story.steps[-1].faults[0].objects == ("ctx#0",)
    assert life_of(story, "ctx#0").note == "never freed"
    assert life_of(story, "ctx#0").owner == "dev#0"


def test_a_loop_says_where_it_begins() -> None:
    story = told("running_ends", lasso(), {**QUICK, "Process": 2})
    assert story.loop == 5
    assert "steps 6 to 7" in story.ends
    assert story.broken_at is None


def test_relations_show_pairs() -> None:
    story = told("ctx_allocs_freed_first", leak())
    added = [c for c in story.steps[2].changes if c.kind is ChangeKind.ADDED]
    assert [(c.label, c.object) for c in added] == [("open", "(ctxalloc#0, dev#0)")]
    removed = [c for c in story.steps[5].changes if c.kind is ChangeKind.REMOVED]
    assert [(c.object, c.implied) for c in removed] == [("(ctxalloc#0, dev#0)", True)]


def test_sources_may_be_missing() -> None:
    story = tell(SYSTEM, QUICK, prop("current_is_live"), invariant())
    assert story.why.place is None
    assert "current" in story.why.formula


@pytest.mark.parametrize("damage", [
    lambda t: replace(t, initial=(1, *t.initial[1:])),
    lambda t: replace(t, steps=t.steps[1:]),
    lambda t: replace(t, steps=(*t.steps[:2], Step("nothing", (), None))),
    lambda t: replace(t, steps=(replace(t.steps[0], state=t.initial), *t.steps[1:])),
    lambda t: replace(t, steps=t.steps[:-1]),
])
def test_traces_that_do_not_re_execute_are_internal_errors(damage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InternalError):
        told("ctx_allocs_freed_first", damage(leak()))


def test_sets_say_which_destroyed_element_they_list() -> None:
    system = system_of("""
        model m
        object List { items: set of Item }
        object Item
        ddi Make() -> Item {
          let l = create List()
          let i = create Item()
          add i to l.items
          return STATUS_SUCCESS, i
        }
        ddi Drop(i: Item) { destroy i return STATUS_SUCCESS }
        dpc Walk(l: List) { for i in l.items { destroy i } }
        property p: reachable no l: List
    """)
    scope = {"List": 1, "Item": 1}
    layout = Layout.of(system, scope)
    actions = {a.label.block: a for a in system.actions}
    state, steps = initial_state(layout), []
    for block in ("Make", "Drop", "Walk"):
        action = actions[block]
        args = (0,) * len(action.params)
        outcome = take(layout, action, args, state)
        assert outcome is not None
        steps.append(Step(action.name, args, outcome.state))
        state = outcome.state or state
    guilty = next(p for p in system.properties if p.name == "no_use_after_destroy")
    story = tell(system, scope, guilty, Trace(initial_state(layout), tuple(steps), True))
    dangled = [c for c in story.steps[1].changes if c.kind is ChangeKind.DANGLED]
    assert [(c.subject, c.label, c.object) for c in dangled] == [("list#0", "items", "item#0")]
    assert story.objects == ("item#0",)
    assert life_of(story, "item#0").note == "used after destroy"
