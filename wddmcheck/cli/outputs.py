"""Files that a run is to write: found writable before the work starts, written whole after it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What `--json`, `--out` and `--save-tests` name. None: not asked for; `-`: stdout."""

    json: str | None = None
    out: str | None = None
    tests: str | None = None

    @property
    def json_on_stdout(self) -> bool:
        """Whether stdout is for JSON and nothing else."""
        return self.json == STDOUT

    def probe(self) -> None:
        """Raise `UserError` (exit code 2) if something could not be written later. Leaves nothing
        behind."""
        if self.json is not None and not self.json_on_stdout:
            _probe_file(Path(self.json))
        for folder in (self.out, self.tests):
            if folder is not None:
                _probe_folder(Path(folder))

    def trace_path(self, model: str, name: str, *, several: bool) -> Path:
        """Where the counterexample of property `name` goes."""
        assert self.out is not None
        stem = f"{Path(model).stem}.{name}" if several else name
        safe = re.sub(r"[^A-Za-z0-9_.-]", "_", stem)
        return Path(self.out) / f"{safe}.trace.json"


def make_folder(path: Path) -> None:
    """Make the folder of `path`. Raises `UserError` (exit code 2)."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot(path, error) from error


def json_document(texts: Iterable[str]) -> str:
    """One JSON document: the object of the only report, or a list of several."""
    texts = tuple(texts)
    if len(texts) == 1:
        return texts[0]
    return "[\n" + ",\n".join(t.rstrip() for t in texts) + "\n]\n"


def _probe_file(path: Path) -> None:
    if path.is_dir():
        raise _failed(path, "it is a directory", f"name a file in it: {path / 'report.json'}")
    if path.exists() and not path.is_file():
        return  # a pipe or a device: writing is the only way to know
    if not path.parent.is_dir():
        raise _failed(path, f"there is no directory {path.parent}", "make it first")
    if path.exists() and not os.access(path, os.W_OK):
        raise _failed(path, "permission denied")
    _probe_folder(path.parent, path)


def _probe_folder(folder: Path, shown: Path | None = None) -> None:
    """Try to make a file in `folder`, or where it would be made."""
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise _failed(shown or folder, f"{existing} is not a directory")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise _cannot(shown or folder, error) from error


def _cannot(path: Path, error: OSError) -> UserError:
    return _failed(path, (error.strerror or str(error)).lower())


def _failed(path: Path, reason: str, hint: str = "") -> UserError:
    return UserError((Diagnostic("WC501", f"cannot write {path}: {reason}", help=hint),),
                     exit_code=2)
