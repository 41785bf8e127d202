"""The stop codes that the documentation gives for states a miniport can get into
(spec/pages/bugchecks.toml; its header says what each key means)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from wddmcheck import specfiles
from wddmcheck.docpages import files


@dataclass(frozen=True, slots=True)
class BugCheck:
    """One documented case of a stop code. `parameter1` is "" where the first parameter does not
    tell cases apart."""

    code: str
    name: str
    kind: str
    parameter1: str
    meaning: str
    page: str
    rules: tuple[str, ...]
    note: str

    @property
    def id(self) -> str:
        """`0x10E/0x33`, or the code alone."""
        return f"{self.code}/{self.parameter1}" if self.parameter1 else self.code


def load() -> tuple[BugCheck, ...]:
    """All cases. Raises `UserError` (exit code 2) if the catalogue is not there."""
    table = files.table(files.folder("pages") / "pages" / "bugchecks.toml")
    return tuple(BugCheck(
        e["code"], e["name"], e["kind"], e.get("parameter1", ""), _prose(e["meaning"]), e["page"],
        tuple(e.get("rules", ())), e.get("note", "")) for e in table["bugcheck"])


@cache
def known() -> tuple[BugCheck, ...]:
    """All cases; none in an installation without the catalogue."""
    return load() if specfiles.folder() is not None else ()


def split(text: str) -> tuple[str, str]:
    """Code and first parameter ("" if none) of `0x10E/0x33` or `0x10E,0x33`."""
    code, parameter = (*re.split(r"[,/]", text, maxsplit=1), "")[:2]
    return code.strip(), parameter.strip()


def matching(text: str, cases: tuple[BugCheck, ...]) -> tuple[BugCheck, ...]:
    """The cases that `0x10E` (all of the code) or `0x10E/0x33` stands for."""
    code, parameter = split(text)
    return tuple(c for c in cases if number(c.code) == number(code)
                 and (not parameter or number(c.parameter1) == number(parameter)))


def the_case(text: str, cases: tuple[BugCheck, ...]) -> BugCheck | None:
    """The case that a stop code names, None if it is not documented. A code whose cases differ by a
    parameter that `text` does not give names none of them."""
    found = matching(text, cases)
    exact = [c for c in found if number(c.parameter1) == number(split(text)[1])]
    return exact[0] if exact else found[0] if len(found) == 1 else None


def number(text: str) -> int | str:
    """A hexadecimal number, or what is none as it is."""
    try:
        return int(text.strip(), 16)
    except ValueError:
        return text.strip().lower()


def _prose(text: str) -> str:
    return " ".join(text.split())
