"""A checkout of the public documentation -> the texts of its pages.

A checkout is a folder with the files, or a bare git directory (or a clone without its files), of
which the newest commit (HEAD) is read. There are two repositories, so there may be several
checkouts; the first that has a page wins.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError

ROOTS = ("wdk-ddi-src", "windows-driver-docs-pr")
"""The folders that hold the pages: of the reference, and of the other documentation."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The texts that were found, by path; `roots` are those of `ROOTS` that some checkout has."""

    texts: dict[str, str]
    roots: frozenset[str]

    def covers(self, path: str) -> bool:
        """Whether a page with this path should be there."""
        return path.split("/", 1)[0] in self.roots


def read_pages(folders: Iterable[str], paths: Iterable[str]) -> Pages:
    """The pages with the given paths. Raises `UserError` (exit code 2) for a folder that is no
    checkout of the documentation."""
    texts: dict[str, str] = {}
    roots: set[str] = set()
    wanted = list(dict.fromkeys(paths))
    for name in folders:
        folder = Path(name)
        if any((folder / root).is_dir() for root in ROOTS):
            roots |= {root for root in ROOTS if (folder / root).is_dir()}
            found = _from_files(folder, wanted)
        elif _is_git(folder) or _is_git(folder / ".git"):
            folder = folder if _is_git(folder) else folder / ".git"
            listed = _git(folder, "ls-tree", "--name-only", "HEAD").decode("utf-8").split("\n")
            roots |= set(listed) & set(ROOTS)
            found = _from_git(folder, wanted)
            if not set(listed) & set(ROOTS):
                raise _no_checkout(name, "its newest commit has none of the folders")
        else:
            raise _no_checkout(name, "it has none of the folders")
        texts = {**found, **texts}
    return Pages(texts, frozenset(roots))


def _is_git(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir()


def _from_files(folder: Path, paths: list[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        file = folder / path
        if file.is_file():
            try:
                found[path] = file.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                raise UserError((Diagnostic("WC313", f"cannot read {file}: {error.strerror}"),),
                                exit_code=2) from error
    return found


def _from_git(folder: Path, paths: list[str]) -> dict[str, str]:
    """One `git cat-file` for all pages: its answers come in the order of the questions."""
    asked = "".join(f"HEAD:{path}\n" for path in paths).encode("utf-8")
    answer = _git(folder, "cat-file", "--batch", given=asked)
    found: dict[str, str] = {}
    at = 0
    for path in paths:
        end = answer.index(b"\n", at)
        head = answer[at:end].split()
        at = end + 1
        if head[-1] == b"missing" or head[-2] != b"blob":
            at += 0 if head[-1] == b"missing" else int(head[-1]) + 1
            continue
        size = int(head[-1])
        found[path] = answer[at:at + size].decode("utf-8", errors="replace")
        at += size + 1
    return found


def _git(folder: Path, *args: str, given: bytes = b"") -> bytes:
    try:
        run = subprocess.run(["git", f"--git-dir={folder}", *args], input=given,
                             capture_output=True, check=False)
    except OSError as error:
        raise UserError((Diagnostic(
            "WC313", f"git cannot be run: {error.strerror}",
            help="install git, or give --checkout a folder with the files"),),
            exit_code=2) from error
    if run.returncode:
        said = run.stderr.decode("utf-8", errors="replace").strip().splitlines()
        raise UserError((Diagnostic(
            "WC313", f"git cannot read {folder}: {said[0] if said else 'no reason given'}"[:300],
            help="give --checkout a folder with the files, or a bare git directory"),),
            exit_code=2)
    return run.stdout


def _no_checkout(name: str, problem: str) -> UserError:
    return UserError((Diagnostic(
        "WC313", f"--checkout: {name[:200]} is no checkout of the documentation",
        help=f"{problem} {' and '.join(ROOTS)}; give a checkout of "
             "MicrosoftDocs/windows-driver-docs-ddi or MicrosoftDocs/windows-driver-docs"),),
        exit_code=2)
