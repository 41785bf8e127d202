"""What can go wrong, as data: diagnostics are collected in a `Sink` and rendered by the CLI.

Two exception roots: `UserError` (the input, the command line or the machine's limits; carries
diagnostics and an exit code) and `InternalError` (a defect of wddmcheck; exit code 70).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from wddmcheck.diagnostics.source import Span

MAX_SHOWN = 20
"""A run prints at most this many diagnostics and says how many more there are."""


class Severity(Enum):
    """How bad it is; only `ERROR` stops the pipeline."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that explains a diagnostic, such as the declaration of a name."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message.

    `code` is a key of `diagnostics.codes.CODES` (`WC102`). `message` is in the user's words, lower
    case, without a full stop. `caret` is the text printed after the caret. `help` says what to
    write instead. `span` is None only where there is no source (a missing file, a bad option).
    """

    code: str
    message: str
    span: Span | None = None
    caret: str = ""
    help: str = ""
    labels: tuple[Label, ...] = ()
    severity: Severity = Severity.ERROR


class UserError(Exception):
    """The user's input cannot be used. `exit_code` is 2 (command line) or 3 (the model)."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], exit_code: int = 3) -> None:
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code


class InternalError(Exception):
    """wddmcheck contradicts itself: engines disagree, a trace does not re-execute. Exit code 70."""


@dataclass(slots=True)
class Sink:
    """Collects diagnostics of one run, in the order they were found."""

    items: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        """Record one diagnostic."""
        self.items.append(diagnostic)

    def error(self, code: str, message: str, span: Span | None = None, *, caret: str = "",
              help: str = "", labels: tuple[Label, ...] = ()) -> None:  # noqa: A002
        """Record an error."""
        self.items.append(Diagnostic(code, message, span, caret, help, labels))

    def warning(self, code: str, message: str, span: Span | None = None, *, caret: str = "",
                help: str = "", labels: tuple[Label, ...] = ()) -> None:  # noqa: A002
        """Record a warning."""
        self.items.append(
            Diagnostic(code, message, span, caret, help, labels, Severity.WARNING))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors so far, in source order where they have a place."""
        return tuple(d for d in self.items if d.severity is Severity.ERROR)

    def raise_if_errors(self) -> None:
        """Raise `UserError` (exit code 3) with all errors, if there is any."""
        if self.errors:
            raise UserError(self.errors)
