"""What the documents show is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.models import diagnostics_of, system_of
from wddmcheck.cli.main import run
from wddmcheck.ir.validate import problems

SESSION = re.compile(r"<!-- session: (.*?) -->\n```\n(.*?)```", re.S)
README = Path("README.md").read_text(encoding="utf-8")
MANUAL = Path("spec/language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```wddm\n(.*?)```", MANUAL, re.S)


@pytest.mark.parametrize(("command", "shown"), SESSION.findall(README))
def test_sessions_of_the_readme(
        command: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, *args = shlex.split(command)
    assert program == "wddmcheck"
    run(args)
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda t: t.split()[1])
def test_examples_of_the_manual(text: str) -> None:
    assert diagnostics_of(text) == ()
    assert problems(system_of(text)) == []


def test_every_file_that_the_readme_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not Path(link).exists()] == []


def test_the_page_of_overlaps_is_what_the_command_prints(
        capsys: pytest.CaptureFixture[str]) -> None:
    """Written anew by `wddmcheck docs --overlap --format markdown > docs/overlap.md`."""
    assert run(["docs", "--overlap", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == Path("docs/overlap.md").read_text(encoding="utf-8")
