"""Compiled objects on disk, what sleeps (sleep.py), and the interpreter's program, with which runs
are told: so that all are found once for a model.

A file is named by a digest of all that its code depends on: the system, the sizes of its pools,
what is looked for, this version of the code generator, LLVM and the processor. It starts with a
digest of the rest, so a damaged file is noticed and made anew. Files are written beside their place
and moved there. Nothing here may fail a run: without a cache it only takes longer.

`WDDMCHECK_CACHE` names another directory; set to nothing, it turns the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache as once
from pathlib import Path

from wddmcheck.engines.native import jit
from wddmcheck.ir.evaluate import Layout

KEEP = 128
"""Files that are kept; those that were not used for longest go first."""


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


def load(key: str, kind: str) -> bytes | None:
    """What is kept of this kind for `key`, if it is whole."""
    where = directory()
    if where is None:
        return None
    path = where / f"{key}-{kind}.o"
    try:
        content = path.read_bytes()
    except OSError:
        return None
    head, data = content[:32], content[32:]
    if not data or hashlib.sha256(data).digest() != head:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return data


def through(key: str, kind: str, make: Callable[[], bytes]) -> bytes:
    """What is kept of this kind for `key`; what is not, is made and kept."""
    data = load(key, kind)
    if data is None:
        data = make()
        store(key, kind, data)
    return data


def store(key: str, kind: str, data: bytes) -> None:
    """Keep it, if that is possible."""
    where = directory()
    if where is None:
        return
    with contextlib.suppress(OSError):
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, beside = tempfile.mkstemp(dir=where, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(beside, where / f"{key}-{kind}.o")
        except BaseException:
            os.unlink(beside)
            raise
        _forget(where)


def digest(parts: Iterable[object]) -> str:
    """A key, for all that code depends on besides the generator and the processor."""
    result = hashlib.sha256()
    for part in (_generator(), jit.host(), *parts):
        result.update(repr(part).encode())
        result.update(b"\0")
    return result.hexdigest()[:40]


def model(layout: Layout) -> str:
    """A key for a system at its sizes, whatever is looked for."""
    return digest((layout.digest,))


@once
def _generator() -> str:
    """A digest of the source of all that goes into what is kept: with every change, it is made
    anew."""
    digest = hashlib.sha256()
    here, ir = Path(__file__).parent, Path(__file__).parents[2] / "ir"
    explicit = (here.parent / "explicit" / f"{name}.py" for name in ("codec", "compile", "size"))
    for path in (*sorted(here.glob("*.py")), *sorted(ir.glob("*.py")), *explicit):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _forget(where: Path) -> None:
    """Keep the files that were used last, and nothing half-written of long ago."""
    ages = sorted((p.stat().st_mtime, p) for p in where.glob("*.o"))
    for _, path in ages[:-KEEP]:
        path.unlink(missing_ok=True)
