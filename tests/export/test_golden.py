"""What exports look like, and that names are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden import Golden
from tests.support.models import shipped, system_of
from tests.support.tiny import action, put
from wddmcheck.export import SUFFIXES, CannotExportError, Request, export
from wddmcheck.export.names import Names
from wddmcheck.export.render import folded
from wddmcheck.ir.build import eq
from wddmcheck.ir.expr import Read, enum_const
from wddmcheck.ir.sorts import EnumSort
from wddmcheck.ir.system import StateVar, System

HERE = Path("tests/golden/export")


@pytest.mark.parametrize("target", SUFFIXES)
def test_exports_of_a_small_model(golden: Golden, target: str) -> None:
    system = shipped(str(HERE / "queue.wddm"))
    made = export(target, Request(system, {"Job": 2, "Call": 1}, "queue"))
    golden(HERE / f"queue{SUFFIXES[target]}", made.text)


@pytest.mark.parametrize(("target", "properties", "symmetry"), [
    ("promela", ("gets_done",), False), ("tla", ("gets_done",), False), ("tla", None, True),
    ("murphi", None, True)])
def test_exports_with_more(golden: Golden, target: str, properties: tuple[str, ...] | None,
                           symmetry: bool) -> None:
    system = shipped(str(HERE / "queue.wddm"))
    name = "queue_symmetric" if symmetry else "queue_fair"
    made = export(target, Request(system, {"Job": 2, "Call": 1}, name, properties, symmetry))
    golden(HERE / f"{name}{SUFFIXES[target]}", made.text)


def test_what_is_left_out_is_named_in_the_file_and_beside_it() -> None:
    system = shipped(str(HERE / "queue.wddm"))
    left = {"promela": ("all_done", "can_rest", "gets_done", "no_stuck_call"),
            "murphi": ("gets_done",), "tla": ("all_done", "can_rest", "gets_done", "no_stuck_call")}
    for target, names in left.items():
        made = export(target, Request(system, {"Job": 2, "Call": 1}, "queue"))
        assert tuple(text.partition(" ")[0] for text in made.left_out) == names
        joined = " ".join(line.strip("-*\\ ") for line in made.text.splitlines())
        for text in made.left_out:
            assert text in joined


def test_a_property_that_is_asked_for_by_name_is_stated() -> None:
    system = shipped(str(HERE / "queue.wddm"))
    for target in SUFFIXES:
        made = export(target, Request(system, {"Job": 1, "Call": 1}, "q", ("all_done",)))
        assert made.left_out == ()
        assert "Properties: all_done\n" in made.text


def test_words_of_the_targets_are_no_names() -> None:
    """A model may call things as it likes."""
    system = system_of("""
    model active
    object init { chan: bool, MODULE: bool }
    var do: bool
    var rule: 0..1
    ddi End(CHOOSE: init) { CHOOSE.chan = true return STATUS_SUCCESS }
    """)
    made = {target: export(target, Request(system, {p.name: 1 for p in system.pools}, "m")).text
            for target in SUFFIXES}
    for text, declared in (("promela", "bool do_2 = false;"), ("murphi", "  do_2: boolean;"),
                           ("murphi", "  rule_2: 0..1;"), ("tla", "init == {init_0}"),
                           ("promela", "active proctype active_2()"),
                           ("tla", "End_1(CHOOSE_2) ==")):
        assert declared in made[text]


def test_names_are_told_apart() -> None:
    names = Names.avoiding(["mode"], any_case=True)
    assert Names.avoiding(["mode"]).fresh("Mode") == "Mode"
    assert Names.avoiding(["mode"]).fresh("mode") == "mode_2"
    assert names.of("variable", "a.b") == "a_b"
    assert names.of("variable", "a/b") == "a_b_2"
    assert names.of("variable", "a.b") == "a_b", "the same thing has one name"
    assert names.of("local", "a.b") == "a_b_3"
    assert names.of("variable", "Mode") == "Mode_2"
    assert names.of("variable", "3 leads to 0") == "n3_leads_to_0"
    assert names.of("variable", "'") == "x"
    assert names.of("variable", "f@1") == "f_at_1"
    assert names.changed("local") == [("a_b_3", "a.b")]


def test_too_many_members() -> None:
    many = EnumSort("many", tuple(f"m{n}" for n in range(300)))
    system = System("s", (), (StateVar("v", (), many, 0),), (action(
        "a", eq(Read("v", (), many), enum_const(many, "m1")), put("v", enum_const(many, "m2"))),),
        ())
    with pytest.raises(CannotExportError, match="300 different members"):
        export("promela", Request(system, {}, "s"))
    for target in ("murphi", "tla"):
        assert "m2" in export(target, Request(system, {}, "s")).text


def test_lines_are_broken_where_they_may_be() -> None:
    assert folded("a b c", "", "  ", 3) == ["a b", "  c"]
    assert folded('x = "a b c d"', "", "  ", 5) == ["x =", '  "a b c d"']
    assert folded("a && b c && d", "", "  ", 6, after=("&&",)) == ["a &&", "  b c &&", "  d"]
    assert folded("", "") == [""]


def test_formulas_that_are_assigned_are_in_brackets() -> None:
    """In TLA+ `=` binds closer than `/\\`, and cannot stand in a row."""
    system = system_of("""
model m
enum Level { Low, High }
var level: Level
var high: bool
var same: bool
ddi Set(to: Level)
  irql PASSIVE_LEVEL level 0
  returns STATUS_SUCCESS
{
  high = to is High
  same = to is High and level is High
  level = to
  return STATUS_SUCCESS
}
""")
    text = export("tla", Request(system, {}, "m", ())).text
    assert "high' = (to = \"High\")" in text
    assert "same' = (to = \"High\" /\\ level = \"High\")" in text
