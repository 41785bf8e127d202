"""What a run over several choices of policies, or over guarantees, found: one report a column."""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.result.report import Report


@dataclass(frozen=True, slots=True)
class Question:
    """A policy of the model: its choices, and the one taken unless another is asked for."""

    name: str
    choices: tuple[str, ...]
    default: str


@dataclass(frozen=True, slots=True)
class Promise:
    """A guarantee that the model uses, and what it says."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """One choice for each question. `same_as` is the index of an earlier column that means the same
    system, and so was not checked again: `report` is that column's, under this choice."""

    choices: tuple[tuple[str, str], ...]
    report: Report
    same_as: int | None = None

    @property
    def without(self) -> tuple[str, ...]:
        """The guarantees that the system of this column does not have."""
        return self.report.system.without


@dataclass(frozen=True, slots=True)
class Matrix:
    """All columns, the default first. With `guarantees` they are: nothing dropped, then each of
    them alone; else choices of policies. `fixed` are policies that the user decided; `combined`
    says that the columns are all combinations (else: the default, and each other choice alone);
    `unfinished` counts columns that an interrupt left out."""

    model: str
    questions: tuple[Question, ...]
    fixed: tuple[tuple[str, str], ...]
    combined: bool
    columns: tuple[Column, ...]
    unfinished: int
    exit_code: int
    seconds: float = field(default=0.0, compare=False)
    guarantees: tuple[Promise, ...] = ()
