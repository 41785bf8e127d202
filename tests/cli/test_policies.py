"""`verify --policy all`: the matrix; and which choices a counterexample needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.tiny import wddmcheck
from tests.report.test_json import schema
from tests.support.golden import Golden
from wddmcheck.report import trace_file

GOLDEN = Path(__file__).parent / "golden"

ASKS = """\
model asks
scope one { Thing 1 }
policy P: good | bad | worse = good
policy Q: a | b = a
policy R: x | y = x
var n: 0..3
object Thing
ddi DxgkDdiMake() -> Thing { let t = create Thing() return STATUS_SUCCESS, t }
ddi DxgkDdiGone(t: Thing) { destroy t return STATUS_SUCCESS }
ddi DxgkDdiRaise()
  requires P is not good or Q is a
  requires n < 2 or P is bad and Q is b and n < 3
{
  n = n + 1
  return STATUS_SUCCESS
}
ddi DxgkDdiLower() requires n > 0 requires R is one of x, y { n = n - 1 return STATUS_SUCCESS }
property below_three: never n == 3
property below_two: never n == 2
property below_one: never n == 1 and some t: Thing
""".replace("P is not good", "P is one of bad, worse")


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("asks.wddm").write_text(ASKS, encoding="utf-8")
    return "asks.wddm"


def validator() -> jsonschema.Draft202012Validator:
    from referencing import Registry, Resource

    names = ("trace", "report", "matrix", "sweep")
    schemas = [schema(f"{name}.schema.json") for name in names]
    registry: Any = Registry().with_resources(
        [(s["$id"], Resource.from_contents(s)) for s in schemas])
    return jsonschema.Draft202012Validator(schemas[2], registry=registry)


def matrix(*args: str) -> Any:
    result = wddmcheck("verify", "asks.wddm", "--json", "-", *args)
    data = json.loads(result.out)
    validator().validate(data)
    assert data["exit_code"] == result.code
    return data


def cells(data: Any, name: str) -> list[str]:
    (row,) = (r for r in data["matrix"] if r["property"] == name)
    return [f"{v['verdict']} {v['steps'] or ''}".strip() for v in row["verdicts"]]


def test_all_combinations(model: str) -> None:
    data = matrix("--policy", "all", "--property", "below_*")
    assert data["tried"] == "all combinations"
    assert len(data["columns"]) == 12
    assert data["columns"][0]["policies"] == {"P": "good", "Q": "a", "R": "x"}
    # R changes nothing, so each second column is the one before it.
    assert [c["same_as"] for c in data["columns"]][:4] == [None, 0, None, 2]
    assert all((c["report"] is None) == (c["same_as"] is not None) for c in data["columns"])
    below_three = dict(zip((tuple(c["policies"].values()) for c in data["columns"]),
                           cells(data, "below_three"), strict=True))
    assert {k for k, v in below_three.items() if v == "VIOLATED 3"} == {
        ("bad", "b", "x"), ("bad", "b", "y")}
    assert set(below_three.values()) == {"VIOLATED 3", "PROVED this scope"}
    assert data["exit_code"] == 1


def test_one_policy(model: str) -> None:
    data = matrix("--policy", "Q=*", "--policy", "P=bad", "--property", "below_three")
    assert [c["policies"] for c in data["columns"]] == [{"Q": "a"}, {"Q": "b"}]
    assert data["fixed"] == {"P": "bad"}
    assert [c["exit_code"] for c in data["columns"]] == [0, 1]
    assert data["exit_code"] == 1, "the exit code is that of the worst column"
    assert data["columns"][1]["report"]["command"].endswith("--policy P=bad --policy Q=b")


def test_the_text(model: str, golden: Golden) -> None:
    result = wddmcheck("verify", model, "--policy", "all", "--property", "below_[ot]*",
                       "--no-times", "--no-progress", "--engine", "interpret")
    assert result.code == 1
    golden(GOLDEN / "policies.txt", result.out)


def test_the_command_of_a_column_shows_its_finding(model: str) -> None:
    whole = wddmcheck("verify", model, "--policy", "all", "--property", "below_three",
                      "--no-times", "--no-progress")
    lines = whole.out.split("again: wddmcheck ")[1].split("also:")[0].split()
    alone = wddmcheck(*lines, "--no-times", "--no-progress")
    assert alone.code == 1
    assert "VIOLATED below_three" in alone.out


def test_too_many_combinations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"P{i}" for i in range(7)]
    Path("asks.wddm").write_text(
        "model many\n" + "".join(f"policy {n}: a | b = a\n" for n in names)
        + "var n: 0..9\n" + "".join(
            f"ddi DxgkDdi{n}() requires {n} is b requires n < 9 {{ n = n + 1 "
            "return STATUS_SUCCESS }\n" for n in names)
        + "ddi DxgkDdiUp() { n = 0 return STATUS_SUCCESS }\nproperty zero: never n > 0\n",
        encoding="utf-8")
    data = matrix("--policy", "all", "--property", "zero")
    assert data["tried"] == "one at a time"
    assert len(data["columns"]) == 8
    assert cells(data, "zero") == ["PROVED this scope"] + ["VIOLATED 1"] * 7
    text = wddmcheck("verify", "asks.wddm", "--policy", "all", "--property", "zero").out
    assert "each other choice is tried alone" in text


def test_a_model_without_policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("asks.wddm").write_text("model m\nvar n: bool\nddi DxgkDdiUp() { n = true "
                                 "return STATUS_SUCCESS }\nproperty fine: reachable n\n",
                                 encoding="utf-8")
    data = matrix("--policy", "all")
    assert [c["policies"] for c in data["columns"]] == [{}]
    text = wddmcheck("verify", "asks.wddm", "--policy", "all")
    assert text.code == 0
    assert "no policy to try" in text.out


def test_a_choice_that_leaves_a_block_without_use(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("asks.wddm").write_text(
        "model m\nvar n: bool\npolicy P: open | shut = open\n"
        "ddi DxgkDdiUp() requires P is open { n = true return STATUS_SUCCESS }\n"
        "ddi DxgkDdiDown() { n = false return STATUS_SUCCESS }\n"
        "property fine: always possible not n\n", encoding="utf-8")
    result = wddmcheck("verify", "asks.wddm", "--policy", "all")
    assert result.code == 1, "hollow is a finding, under any choice"
    assert "HOLLOW under choice 2: DxgkDdiUp; why: wddmcheck verify asks.wddm --policy P=shut" in (
        result.out)
    assert "HOLLOW under choice 1" not in result.out


@pytest.mark.parametrize(("args", "code", "said"), [
    (("verify", "--policy", "Z=*"), "WC303", "no policy named `Z`"),
    (("verify", "--policy", "P=*", "--policy", "Z=a"), "WC303", "no policy named `Z`"),
    (("verify", "--policy", "P=*", "--policy", "Q=z"), "WC303", "no choice `z`"),
    (("verify", "--policy", "P=*", "--policy", "P=bad"), "WC309", "given twice"),
    (("verify", "--policy", "*"), "WC309", "cannot read"),
    (("verify", "--policy", "=*"), "WC309", "cannot read"),
    (("run", "--policy", "all"), "WC309", "only tried by `wddmcheck verify`"),
    (("check", "--policy", "P=*"), "WC309", "only tried by `wddmcheck verify`"),
])
def test_bad_input(model: str, args: tuple[str, ...], code: str, said: str) -> None:
    verb, *rest = args
    result = wddmcheck(verb, model, *rest)
    assert result.code == 2
    assert code in result.err
    assert said in result.err


def test_an_interrupt_leaves_choices_out(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from wddmcheck.pipeline import matrix as module

    verify = module.verify
    monkeypatch.setattr(module, "verify", lambda *a: replace(verify(*a), exit_code=130))
    result = wddmcheck("verify", model, "--policy", "P=*", "--property", "below_three")
    assert result.code == 130
    assert "2 choices were not tried" in result.out


def test_counterexamples_of_all_choices_are_saved(model: str) -> None:
    wddmcheck("verify", model, "--policy", "all", "--property", "below_*", "--out", "found")
    saved = {p.name: trace_file.read(p) for p in Path("found").iterdir()}
    assert sorted(saved) == ["below_one.trace.json", "below_three.trace.json",
                             "below_two.trace.json"]
    needs = saved["below_three.trace.json"].story.why.needs
    assert needs is not None
    assert needs.policies == (("P", "bad"), ("Q", "b"))


def test_odds_of_a_compact_search_are_said() -> None:
    out = wddmcheck("verify", "models/miniport.wddm", "--scope", "sharing", "--policy",
                    "G04=*", "--property", "no_orphan", "--compact").out
    assert "with --compact, at worst: PROVED (odds " in out


# --- needs ---------------------------------------------------------------------------------------


def needs(name: str, *args: str) -> Any:
    result = wddmcheck("verify", "asks.wddm", "--property", name, "--json", "-", *args)
    (verdict,) = json.loads(result.out)["verdicts"]
    if verdict["trace"] is not None:
        told = verdict["trace"]["story"]["why"].get("needs")
        assert (told or {}).get("policies", {}) == (verdict["needs"] or {}).get("policies", {})
    return verdict["needs"]


def test_the_choices_that_matter_and_no_others(model: str) -> None:
    assert needs("below_three", "--policy", "P=bad", "--policy", "Q=b", "--policy", "R=y") == {
        "policies": {"P": "bad", "Q": "b"}, "undecided": [], "without": []}


def test_a_default_that_matters(model: str) -> None:
    """Under P=good, Q has to be a; P itself does not matter."""
    assert needs("below_two") == {"policies": {"Q": "a"}, "undecided": [], "without": []}
    assert needs("below_two", "--policy", "P=bad") == {
        "policies": {"Q": "a"}, "undecided": [], "without": []}, "P is put back first"


def test_any_of_several_will_do(model: str) -> None:
    """Of three answers, two."""
    text = ASKS.replace("policy Q: a | b = a", "policy Q: a | b | c = a").replace(
        "requires P is one of bad, worse or Q is a", "requires Q is not b")
    assert text.count("Q is not b") == 1
    Path("asks.wddm").write_text(text, encoding="utf-8")
    assert needs("below_two") == {"policies": {"Q": "a|c"}, "undecided": [], "without": []}
    out = wddmcheck("verify", model, "--property", "below_two").out
    assert "needs: Q=a or c (answered otherwise" in out


def test_no_need(model: str) -> None:
    text = ASKS.replace("  requires P is one of bad, worse or Q is a\n", "")
    Path("asks.wddm").write_text(text, encoding="utf-8")
    assert needs("below_two") == {"policies": {}, "undecided": [], "without": []}
    out = wddmcheck("verify", model, "--property", "below_two").out
    assert "needs: none of these policies" in out


def test_a_longer_run_does_not_count(model: str) -> None:
    """Under the other choice it is violated too, but in more steps."""
    text = ASKS.replace("requires P is one of bad, worse or Q is a",
                        "requires Q is a or some t: Thing")
    Path("asks.wddm").write_text(text, encoding="utf-8")
    assert needs("below_two") == {"policies": {"Q": "a"}, "undecided": [], "without": []}


def test_what_holds_needs_nothing(model: str) -> None:
    assert needs("below_three") is None


def test_a_limit_leaves_it_undecided(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wddmcheck.pipeline.needs.STATES", 1)
    found = needs("below_three", "--policy", "P=bad", "--policy", "Q=b", "--engine", "interpret")
    assert found["undecided"] == ["P", "Q"]
    out = wddmcheck("verify", model, "--property", "below_three", "--policy", "P=bad",
                    "--policy", "Q=b", "--engine", "interpret").out
    assert "needs: not decided for P, Q" in out


@pytest.mark.parametrize(("seeded", "policies"), [
    ("dpc_walks_freed_context", {"G04": "completed|adversarial"}),
    ("paging_caches_allocation", {"G09": "immediate"}),
    ("callback_gets_kmd_handle", {}),
])
def test_seeded_defects(seeded: str, policies: dict[str, str]) -> None:
    result = wddmcheck("verify", f"models/seeded/{seeded}.wddm", "--json", "-")
    (found,) = [v for v in json.loads(result.out)["verdicts"] if v["kind"] == "violated"]
    assert found["needs"] == {"policies": policies, "undecided": [], "without": []}
