"""Writing generated tests into a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from wddmcheck.report.files import write_atomic
from wddmcheck.testgen.pytest_file import TestFile


def write(folder: Path, files: Iterable[TestFile]) -> tuple[list[Path], list[Path]]:
    """Write files into `folder`, which exists; those that are new or have changed, and those that
    are there already. Raises `UserError` (exit code 2)."""
    new, same = [], []
    for file in files:
        path = folder / file.name
        if path.is_file() and path.read_bytes() == file.text.encode():
            same.append(path)
        else:
            write_atomic(path, file.text)
            new.append(path)
    return new, same
