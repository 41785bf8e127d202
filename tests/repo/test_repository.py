"""What must be true of the repository whatever it does: imports, sizes, codes, contracts."""

from __future__ import annotations

import ast
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import wddmcheck
from wddmcheck.diagnostics.codes import CODES

ROOT = Path(wddmcheck.__file__).parent.parent
SOURCES = sorted((ROOT / "wddmcheck").rglob("*.py"))
MODULES = sorted(m.name for m in pkgutil.walk_packages(wddmcheck.__path__, "wddmcheck.")
                 if not m.name.endswith("__main__"))
CODE = re.compile(r"WC[0-9]{3}")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports(name: str) -> None:
    import_module(name)


def test_files_stay_readable() -> None:
    """Under 600 lines; what is generated says so in its first line."""
    long = {relative(p): count for p in SOURCES
            if (count := len((text := p.read_text(encoding="utf-8")).splitlines())) >= 600
            and "generated" not in text[:400].lower()}
    assert not {p: n for p, n in long.items() if p not in LONG}


LONG = {
    "wddmcheck/lang/ast.py": "one node class after another",
    "wddmcheck/lower/segments.py": "the walk over statements, one case each",
}
"""Files that may be longer, and why."""


def test_every_module_says_what_it_is() -> None:
    silent = [relative(p) for p in SOURCES if p.read_text(encoding="utf-8").strip()
              and ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) is None]
    assert not silent


def test_only_the_command_line_prints_or_exits() -> None:
    found = []
    for path in SOURCES:
        name = relative(path)
        if name.startswith("wddmcheck/cli/") or name == "wddmcheck/__main__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.exit"):
                found.append(f"{name}:{node.lineno}")
    assert found in ([], [f for f in found if f.startswith("wddmcheck/lang/generate.py")])


def test_codes_and_their_pages_agree() -> None:
    """Every code in the source has a page, and every page a use."""
    used: dict[str, set[str]] = {}
    for path in SOURCES:
        if "diagnostics/codes/" in relative(path):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) \
                    and CODE.fullmatch(node.value):
                used.setdefault(node.value, set()).add(relative(path))
    assert {c: sorted(p) for c, p in used.items() if c not in CODES} == {}, "without a page"
    assert sorted(set(CODES) - set(used)) == [], "pages that nothing uses"


def test_pages_are_complete() -> None:
    for code, page in CODES.items():
        assert page.code == code
        assert page.title
        assert page.title[0].islower() or not page.title[0].isalpha()
        assert not page.title.endswith(".")
        assert page.explanation.strip().endswith((".", ")", "`"))


def test_import_contracts() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    if not tool.exists():
        pytest.skip("import-linter is not installed")
    run = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True,
                         check=False, env={**os.environ, "NO_COLOR": "1"})
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_frame_is_there() -> None:
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", ".ci/run"):
        assert (ROOT / name).is_file(), name
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_readme_has_the_command_that_ci_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"^<!-- command: tests -->\n```[a-z]*\n(.+?)\n```", text, re.M | re.S)
    assert match, "no fenced block after <!-- command: tests -->"
    assert "pytest" in match[1]



def test_the_build_lists_every_package() -> None:
    """Packages are listed by hand, because part of the tree is mapped from spec/."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {".".join(p.parent.parts) for p in Path("wddmcheck").rglob("__init__.py")}
    assert {p for p in listed if not p.startswith("wddmcheck.spec")} == found
