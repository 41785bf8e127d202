"""Events that count as failures: spec/pages/failures.toml (its header says what each key means)."""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.docpages import files


@dataclass(frozen=True, slots=True)
class Event:
    """A block whose happening is a failure."""

    block: str
    family: str
    title: str
    page: str
    why: str
    unless: str = ""


def load() -> dict[str, Event]:
    """The events by block. Raises `UserError` (exit code 2) if the catalogue is missing."""
    table = files.table(files.folder("pages") / "pages" / "failures.toml")
    return {block: Event(block, e["family"], e["title"], e["page"], e["why"],
                         e.get("unless", "")) for block, e in table.items()}
