"""The place of a syntax error: what stands there, what would fit, and what it stands within."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from wddmcheck.diagnostics.source import SourceFile, Span
from wddmcheck.lang.recovery import starts_declaration
from wddmcheck.lang.tokens import DECLARING, Token

REACH = 2_000
"""How many tokens are looked at backwards, so that many errors in a long file stay cheap."""


@dataclass(frozen=True)
class Place:
    """`tokens[at]` does not fit; one of `expected` would."""

    source: SourceFile
    tokens: Sequence[Token]
    at: int
    expected: frozenset[str]

    @property
    def token(self) -> Token:
        """What does not fit."""
        return self.tokens[self.at]

    def back(self, steps: int) -> Token:
        """The token `steps` before; an empty one where the file begins."""
        index = self.at - steps
        return self.tokens[index] if index >= 0 else Token("", "", 0, 0)

    @property
    def prev(self) -> Token:
        """The token before."""
        return self.back(1)

    @property
    def next(self) -> Token:
        """The token after."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def span(self, first: Token, last: Token | None = None) -> Span:
        """The range from `first` to `last`."""
        return Span(self.source.name, first.start, (last or first).end)

    @cached_property
    def _around(self) -> tuple[int, tuple[int, ...]]:
        """The index of the declaration's keyword (-1: none), and the brackets open here, inner
        first."""
        closed = 0
        opened: list[int] = []
        for index in range(self.at - 1, max(-1, self.at - REACH), -1):
            kind = self.tokens[index].kind
            if kind in ("}", ")"):
                closed += 1
            elif kind in ("{", "("):
                if closed:
                    closed -= 1
                else:
                    opened.append(index)
            elif closed == 0 and kind in DECLARING and starts_declaration(self.tokens, index):
                return index, tuple(opened)
        return -1, tuple(opened)

    @property
    def declaration(self) -> str:
        """The keyword of the declaration around, or "" between declarations."""
        index = self._around[0]
        if index < 0 or self.between_declarations:
            return ""
        return self.tokens[index].kind

    @property
    def declared(self) -> str:
        """The name of the declaration around."""
        index = self._around[0]
        return self.tokens[index + 1].text if 0 <= index < self.at - 1 else ""

    @property
    def begin(self) -> int:
        """The index of the declaration's keyword, or 0."""
        return max(self._around[0], 0)

    @property
    def opened(self) -> tuple[int, ...]:
        """The indices of the brackets that are open here, inner first."""
        return self._around[1]

    @property
    def between_declarations(self) -> bool:
        """Whether a declaration could start here."""
        return "ddi" in self.expected and "remove" in self.expected

    @property
    def in_body(self) -> bool:
        """Whether this is inside braces that hold statements."""
        return bool(self.opened) and self.declaration not in ("", "object", "enum", "scope")

    @property
    def ends(self) -> bool:
        """Whether the file or the declaration ends here."""
        return self.token.kind == "$END" or starts_declaration(self.tokens, self.at)

    @property
    def starts_line(self) -> bool:
        """Whether a line break stands before this token."""
        return "\n" in self.source.text[self.prev.end:self.token.start]

    @property
    def operand(self) -> bool:
        """Whether a value is expected."""
        return {"INT", "(", "true"} <= self.expected

    @property
    def statement(self) -> int:
        """Where the statement starts that is only `a.b.c` so far, or -1."""
        if "becomes" not in self.expected or (self.prev.kind != "NAME" \
                and not self.prev.text.isidentifier()):
            return -1
        return chain_start(self.tokens, self.at - 1)

    @property
    def left(self) -> str:
        """The text of the `a.b.c` that ends before this token."""
        first = chain_start(self.tokens, self.at - 1)
        return "".join(token.text for token in self.tokens[first:self.at])

    @property
    def right(self) -> str:
        """The text of the `a.b.c` that starts after this token."""
        last = self.at + 1
        while last + 2 < len(self.tokens) and self.tokens[last + 1].kind in (".", "?."):
            last += 2
        return "".join(token.text for token in self.tokens[self.at + 1:last + 1])

    def nearest(self, words: frozenset[str]) -> str:
        """The last of `words` in this declaration before here, or ""."""
        for index in range(self.at - 1, max(self.begin - 1, self.at - REACH), -1):
            if self.tokens[index].text in words:
                return self.tokens[index].text
        return ""


def chain_start(tokens: Sequence[Token], last: int) -> int:
    """Where the `a.b.c` begins that ends at `last`."""
    while last >= 2 and tokens[last - 1].kind in (".", "?."):
        last -= 2
    return last


def shown(token: Token) -> str:
    """How a message names a token."""
    if token.kind == "$END":
        return "the end of the file"
    if token.kind == "STRING":
        return "a text in quotes"
    text = token.text if token.text.isprintable() else f"U+{ord(token.text[0]):04X}"
    return f"`{text if len(text) <= 30 else text[:27] + '...'}`"
