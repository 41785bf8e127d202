"""`wddmcheck export`: where the text goes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_main import imported
from tests.cli.tiny import wddmcheck

YARDSTICK = "models/yardstick.wddm"
MINIPORT = "models/miniport.wddm"


def test_to_stdout() -> None:
    result = wddmcheck("export", YARDSTICK, "--to", "promela")
    assert result.code == 0
    assert result.out.startswith("/*\n * Model yardstick,")
    assert not result.err


def test_what_is_left_out_is_said() -> None:
    result = wddmcheck("export", MINIPORT, "--to", "tla", "--scope", "small")
    assert result.code == 0
    assert "left out: teardown_always_possible (always possible): no formula" in result.err
    assert "left out" not in wddmcheck("export", MINIPORT, "--to", "murphi", "--scope",
                                       "small").err
    assert not wddmcheck("export", MINIPORT, "--to", "tla", "--scope", "small", "-q").err


@pytest.mark.parametrize(("target", "suffix"), [("promela", "pml"), ("murphi", "m"),
                                                ("tla", "tla")])
def test_a_file_for_each_scope(tmp_path: Path, target: str, suffix: str) -> None:
    result = wddmcheck("export", MINIPORT, "--to", target, "--out", str(tmp_path / "new"),
                       "--scope", "small", "--scope", "Context=0,calls=1")
    assert result.code == 0
    assert not result.out
    names = sorted(p.name for p in (tmp_path / "new").iterdir())
    assert names == [f"miniport_1_1_2_0_3_0_1_2_1.{suffix}", f"miniport_small.{suffix}"]
    assert result.err.count("wrote ") == 2


def test_a_tla_module_is_called_like_its_file(tmp_path: Path) -> None:
    path = tmp_path / "Mine.tla"
    assert wddmcheck("export", YARDSTICK, "--to", "tla", "-o", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert text.splitlines()[0].strip("-") == " MODULE Mine "
    assert "-config Mine.tla Mine.tla" in text
    out = wddmcheck("export", YARDSTICK, "--to", "tla", "-o", "-").out
    assert out.splitlines()[0].strip("-") == " MODULE yardstick_small "


def test_the_same_again_is_the_same(tmp_path: Path) -> None:
    for target in ("promela", "murphi", "tla"):
        args = ("export", MINIPORT, "--to", target, "--scope", "small")
        assert wddmcheck(*args).out == wddmcheck(*args).out


def test_properties_by_name_and_pattern() -> None:
    def stated(*args: str) -> str:
        out = wddmcheck("export", YARDSTICK, "--to", "promela", *args).out
        return next(line for line in out.splitlines() if "Properties:" in line)

    assert stated("--properties", "none") == " * Properties: none"
    assert stated("--properties", "I1,I3") == " * Properties: I1, I3"
    assert stated("--prop", "I1", "--property", "I[34]") == " * Properties: I1, I3, I4"
    assert stated("--properties", "fires:Submit") == " * Properties: fires:Submit"
    assert stated() == " * Properties: I1, I2, I3, I4, I5, no_deadlock"


def test_policies() -> None:
    out = wddmcheck("export", MINIPORT, "--to", "murphi", "--scope", "small", "--policy",
                    "G09=immediate").out
    assert "Policies: G04=completed G09=immediate" in out


@pytest.mark.parametrize(("args", "code", "said"), [
    ((MINIPORT, "--to", "promela"), "WC316", "--scope teardown, or --out DIR"),
    ((YARDSTICK, "--to", "promela", "--scope", "small", "--scope", "large"), "WC316", "--out"),
    ((YARDSTICK, "--to", "tla", "-o", "x-y.tla"), "WC317", "a letter"),
    ((YARDSTICK, "--to", "tla", "-o", "x.txt"), "WC317", ".tla"),
    ((YARDSTICK, "--to", "tla", "--properties", "I9"), "WC308", "properties: I1"),
    ((YARDSTICK, "--to", "tla", "--properties", "none,I1"), "WC308", "`none`"),
    ((YARDSTICK, "--to", "murphi", "--scope", "tiny"), "WC307", "scopes: small"),
    ((YARDSTICK, "--to", "murphi", "--policy", "X=y"), "WC303", "policy"),
    ((YARDSTICK, "--to", "murphi", "-o", "no/such/dir/x.m"), "WC501", "make the directory"),
    ((YARDSTICK, "--to", "murphi", "-o", "models"), "WC501", "directory"),
    ((YARDSTICK, "--to", "murphi", "--out", "LICENSE"), "WC501", "LICENSE"),
    (("no/such.wddm", "--to", "murphi"), "WC040", "no file"),
])
def test_what_it_refuses(args: tuple[str, ...], code: str, said: str) -> None:
    result = wddmcheck("export", *args)
    assert result.code == 2
    assert f"error[{code}]" in result.err
    assert said in result.err
    assert not result.out


@pytest.mark.parametrize(("args", "said"), [
    ((YARDSTICK,), "--to"),
    ((YARDSTICK, "--to", "nusmv"), "promela"),
    ((YARDSTICK, "--to", "promela", "--symmetry", "on"), "no symmetry reduction in SPIN"),
    ((YARDSTICK, "--to", "tla", "-o", "x.tla", "--out", "d"), "give one of them"),
    (("--to", "tla"), "missing argument"),
])
def test_wrong_command_lines(args: tuple[str, ...], said: str) -> None:
    result = wddmcheck("export", *args)
    assert result.code == 2
    assert said in result.err
    assert not result.out


def test_a_model_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "m.wddm"
    path.write_text("model m\nobject C { d: Nothing }\n", encoding="utf-8")
    result = wddmcheck("export", str(path), "--to", "promela")
    assert result.code == 3
    assert "error[" in result.err


def test_a_model_that_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "m.wddm"
    members = ", ".join(f"M{n}" for n in range(300))
    path.write_text(f"model m\nenum E {{ {members} }}\nvar e: E = M0\n"
                    "ddi D(x: E) { e = x return STATUS_SUCCESS }\n", encoding="utf-8")
    result = wddmcheck("export", str(path), "--to", "promela")
    assert result.code == 2
    assert "WC315" in result.err
    assert "--to murphi or tla" in result.err


def test_no_solver_and_no_compiler_is_loaded() -> None:
    assert not imported("export", "--help") & {"z3", "networkx", "lark", "llvmlite"}
    assert not imported("export", YARDSTICK, "--to", "tla") & {"z3", "networkx", "llvmlite"}
