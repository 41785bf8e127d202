"""Compiled objects on disk, so that a model is compiled once.

A file is named by a digest of all that its code depends on: the system, the sizes of its pools, the
formulas, this version of the code generator, LLVM and the processor. It starts with a digest of the
rest, so a damaged file is noticed and made anew. Files are written beside their place and moved
there. Nothing here may fail a run: without a cache it only takes longer.

`WDDMCHECK_CACHE` names another directory; set to nothing, it turns the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache as once
from pathlib import Path

from wddmcheck.engines.native import jit

KEEP = 64
"""Files that are kept; the oldest go first."""


def directory() -> Path | None:
    """Where objects are kept; None if nowhere."""
    named = os.environ.get("WDDMCHECK_CACHE")
    if named is not None:
        return Path(named) if named else None
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA", "")
        return Path(base) / "wddmcheck" / "cache" if base else None
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        return None
    if sys.platform == "darwin":
        return Path(home) / "Library" / "Caches" / "wddmcheck"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path(home) / ".cache") / "wddmcheck"


def object_code(key: object, text: Callable[[], str]) -> tuple[bytes, bool]:
    """The object file for `key`, compiled from `text()` unless it is kept; and whether it was."""
    where = directory()
    if where is None:
        return jit.compiled(text()), False
    path = where / f"{_digest(key)}.o"
    data = _read(path)
    if data is not None:
        return data, True
    data = jit.compiled(text())
    _write(path, data)
    return data, False


def _digest(key: object) -> str:
    digest = hashlib.sha256()
    for part in (_generator(), jit.host(), repr(key)):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:40]


@once
def _generator() -> str:
    """A digest of the code generator's own source: with every change, other code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> bytes | None:
    """What is kept in a file, if it is whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head, data = content[:32], content[32:]
    if not data or hashlib.sha256(data).digest() != head:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)                 # the oldest is the one that was not used for longest
    return data


def _write(path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(beside, path)
        except OSError:
            os.unlink(beside)
            raise
        _forget(path.parent)


def _forget(where: Path) -> None:
    """Keep the files that were used last."""
    ages = sorted((p.stat().st_mtime, p) for p in where.glob("*.o"))
    for _, path in ages[:-KEEP]:
        path.unlink(missing_ok=True)
