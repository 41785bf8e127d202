"""Passages against a checkout: the same, moved, reworded, gone, without a page, not read."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.tiny import wddmcheck
from wddmcheck import specfiles
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.docpages import passages
from wddmcheck.docpages.checkout import read_pages
from wddmcheck.docpages.passages import Page, Passage, Relied, State
from wddmcheck.docpages.sentences import sentences
from wddmcheck.docpages.terms import key_terms

CHECKOUT = Path("tests/docs/checkout")
PATCH = "wdk-ddi-src/content/d3dkmddi/nc-d3dkmddi-dxgkddi_patch.md"
FENCE = "windows-driver-docs-pr/display/fence.md"
UID = "NC:d3dkmddi.DXGKDDI_PATCH"


def relied() -> Relied:
    """Every sentence of the fake checkout, each as the passage of a rule, and a page that is not
    there."""
    found = []
    for uid, path in ((UID, PATCH), (FENCE, FENCE)):
        for number, sentence in enumerate(sentences((CHECKOUT / path).read_text("utf-8")), 1):
            found.append(Passage(f"TST-{number:02}", uid, sentence.place, sentence.fingerprint,
                                 key_terms(sentence.text)))
    pages = {UID: Page(UID, PATCH, "01/02/2026"), FENCE: Page(FENCE, FENCE, "01/02/2026"),
             "NC:x.Y": Page("NC:x.Y", "wdk-ddi-src/content/x/nc-x-y.md", "")}
    return Relied(pages, tuple(found))


def states(folder: Path, *, catalogue: Relied | None = None) -> dict[str, State]:
    """What became of each passage that is not the same any more, by page and place."""
    catalogue = catalogue or relied()
    pages = read_pages([str(folder)], [p.path for p in catalogue.pages.values()])
    return {f"{f.passage.page[-5:]} {f.passage.at}": f.state
            for f in passages.compare(catalogue, pages) if f.state is not State.SAME}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHECKOUT, tmp_path / "docs"))


def edit(folder: Path, path: str, old: str, new: str) -> None:
    file = folder / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def bare(folder: Path, to: Path) -> Path:
    """The folder as a bare git directory."""
    def git(*args: str) -> None:
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t.example", *args],
                       cwd=folder, check=True, capture_output=True)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "pages")
    git("clone", "-q", "--bare", ".", str(to))
    return to


def test_an_unchanged_checkout(checkout: Path) -> None:
    assert states(checkout) == {}


def test_a_bare_git_directory_reads_the_same(checkout: Path, tmp_path: Path) -> None:
    edit(checkout, PATCH, "Fences grow on each node.", "Fences shrink.")
    changed = {"PATCH remarks 5": State.GONE}
    assert states(checkout) == changed
    assert states(bare(checkout, tmp_path / "bare.git")) == changed


def test_a_clone_without_its_files_reads_the_same(checkout: Path, tmp_path: Path) -> None:
    bare(checkout, tmp_path / "bare.git")
    for name in ("wdk-ddi-src", "windows-driver-docs-pr"):
        shutil.rmtree(checkout / name)
    assert states(checkout) == {}


def test_reworded_with_the_same_terms(checkout: Path) -> None:
    edit(checkout, PATCH, "Nothing waits for the thing.", "For this thing nothing ever waits.")
    assert states(checkout) == {"PATCH remarks 1": State.REWORDED}


def test_a_negation_is_found(checkout: Path) -> None:
    edit(checkout, FENCE, "It frees the thing.", "It never frees the thing.")
    assert states(checkout) == {"ce.md what-the-caller-does 2": State.REWORDED}


def test_moved_to_another_section(checkout: Path) -> None:
    edit(checkout, FENCE, "* It frees the thing.\n", "")
    edit(checkout, FENCE, "* It grows.", "* It grows.\n* It frees the thing.")
    assert states(checkout) == {"ce.md what-the-caller-does 2": State.MOVED}


def test_moved_within_its_section_is_the_same(checkout: Path) -> None:
    edit(checkout, FENCE, "* It waits for the fence.\n* It frees the thing.",
         "* It frees the thing.\n* It waits for the fence.")
    assert states(checkout) == {}


def test_a_page_that_is_gone(checkout: Path) -> None:
    (checkout / FENCE).unlink()
    assert set(states(checkout).values()) == {State.NO_PAGE}
    assert len(states(checkout)) == 5


def test_one_of_two_repositories_is_enough(checkout: Path) -> None:
    shutil.rmtree(checkout / "windows-driver-docs-pr")
    assert set(states(checkout).values()) == {State.UNREAD}


@pytest.mark.parametrize("kind", ["missing", "empty", "git"])
def test_what_is_no_checkout(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / kind
    if kind != "missing":
        folder.mkdir()
    if kind == "git":
        (folder / "a.txt").write_text("x", encoding="utf-8")
        folder = bare(folder, tmp_path / "bare.git")
    with pytest.raises(UserError) as caught:
        read_pages([str(folder)], [PATCH])
    assert caught.value.exit_code == 2
    assert [d.code for d in caught.value.diagnostics] == ["WC313"]


# --- on the command line, with a catalogue of its own --------------------------------------------


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue that relies on one sentence of each page of the fake checkout."""
    folder = tmp_path / "spec"
    for name in ("rules", "pages", "passages"):
        (folder / name).mkdir(parents=True)
    (folder / "passages" / "pages.toml").write_text(
        f'["{UID}"]\npath = "{PATCH}"\ndate = "01/02/2026"\n'
        f'["{FENCE}"]\npath = "{FENCE}"\ndate = "01/02/2026"\n'
        f'["NC:x.Y"]\npath = "wdk-ddi-src/content/x/nc-x-y.md"\n', encoding="utf-8")
    chosen = [p for p in relied().passages if p.at in ("remarks 1", "on-things 1")]
    lines = [f'[{p.rule}]\n"{p.page}" = [\n  {{ at = "{p.at}", hash = "{p.hash}", '
             f"terms = {json.dumps(p.terms)} }},\n]\n" for p in chosen]
    (folder / "passages" / "tst.toml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(specfiles, "folder", lambda: folder)
    return folder


def test_nothing_changed(catalogue: Path, checkout: Path) -> None:
    result = wddmcheck("docs", "--checkout", str(checkout))
    assert result.code == 0
    assert result.out == ("pages without passages, read as published: 1\n"
                          "2 passages of 2 pages: 2 same\n")


def test_what_changed_is_listed(catalogue: Path, checkout: Path) -> None:
    edit(checkout, PATCH, "Nothing waits for the thing.", "For this thing nothing ever waits.")
    edit(checkout, FENCE, "A thing has one fence.", "Fences have things.")
    result = wddmcheck("docs", "--checkout", str(checkout))
    assert result.code == 1
    assert result.out == f"""\
{UID}
  TST-09  remarks 1: the sentence is not there; one with its terms is
      terms: nothing, thing, waits
      now at: remarks 1
{FENCE}
  TST-01  on-things 1: the sentence is not there, nor one with its terms
      terms: fence, thing

pages without passages, read as published: 1
2 passages of 2 pages: 0 same, 1 reworded, 1 gone
"""
    found = json.loads(wddmcheck("docs", "--checkout", str(checkout), "--format", "json").out)
    assert [c["state"] for c in found["changed"]] == ["reworded", "gone"]
    assert found["counts"]["same"] == 0
    table = wddmcheck("docs", "--checkout", str(checkout), "--format", "markdown").out
    assert f"| TST-01 | {FENCE} | on-things 1 | gone | - | fence, thing |" in table


def test_a_page_that_came_later(catalogue: Path, checkout: Path) -> None:
    late = checkout / "wdk-ddi-src/content/x/nc-x-y.md"
    late.parent.mkdir()
    late.write_text("# Y\n\nIt is here.\n", encoding="utf-8")
    result = wddmcheck("docs", "--checkout", str(checkout))
    assert result.code == 0
    assert "NC:x.Y is there now" in result.out


def test_the_sentences_of_a_page_can_be_pasted(catalogue: Path, checkout: Path) -> None:
    result = wddmcheck("docs", "--checkout", str(checkout), "--page", UID)
    assert result.code == 0
    lines = result.out.splitlines()
    at = lines.index("* Nothing waits for the thing.")
    assert lines[at + 1].strip() in (catalogue / "passages" / "tst.toml").read_text("utf-8")
    assert sum(line.startswith("* ") for line in lines) == 1


@pytest.mark.parametrize(("args", "code"), [
    (("--checkout", "nowhere"), "WC313"),
    (("--checkout", "\0"), "WC313"),
    (("--checkout", "tests/docs/checkout", "--page", "NC:nothing.LIKE_IT"), "WC313"),
    (("--checkout", "tests/docs/checkout", "--page", "wdk-ddi-src/no.md"), "WC313"),
    (("--checkout", "tests/docs/checkout", "--page", "a\nb.md"), "WC313"),
    (("--page", UID), "WC314"),
    (("--checkout", "tests/docs/checkout", "--rules"), "WC314"),
    (("--checkout", "tests/docs/checkout", "models/miniport.wddm"), "WC314"),
    (("--format", "json"), "WC314"),
])
def test_options_that_do_not_fit(args: tuple[str, ...], code: str) -> None:
    result = wddmcheck("docs", *args)
    assert result.code == 2
    assert f"error[{code}]" in result.err
    assert "help: " in result.err
    assert not result.out
