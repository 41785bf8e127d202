"""Golden files: what a test produces is compared with a file, and `--update-golden` writes it.

    def test_report(golden: Golden) -> None:
        golden(HERE / "golden" / "report.txt", render(...))
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Golden:
    """Compares text with a file; `update` writes the file instead."""

    update: bool

    def __call__(self, path: Path, actual: str) -> None:
        if self.update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8", newline="\n")
            return
        assert path.exists(), f"{path} is missing: pytest --update-golden, and read what it wrote"
        expected = path.read_text(encoding="utf-8")
        assert actual == expected, f"{path} differs; if the change is meant, pytest --update-golden"
