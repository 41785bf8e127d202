"""Text -> tokens: words, signs, strings; comments are dropped, documentation is kept aside.

Every error of this level is reported here, and a token stands where something could not be read, so
that parsing goes on. Brackets are counted here too: text that is nested too deeply is refused
before anything is built from it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wddmcheck.diagnostics.diagnostic import Sink
from wddmcheck.diagnostics.source import SourceFile, Span

MAX_NESTING = 200
"""How deep brackets may be nested."""
MAX_INTEGER = 2**31 - 1
"""The largest integer literal."""

def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


RESERVED = words("""
    scope enum object var relation lock policy ddi callback thunk routine gpu interrupt dpc worker
    property import replace requires irql returns
    let choose if else for while either step wait acquire release return assert destroy add remove
    call create becomes
    and or not is in all some no count where true false none bool in_flight _
""")
"""Words that are never names, except for fields (after a dot, or before a colon). All other words
of the grammar are names wherever the grammar does not expect the word."""

DECLARING = words("""
    scope enum object var relation lock policy ddi callback thunk routine gpu interrupt dpc worker
    property import replace
""")
"""Reserved words that only ever start a declaration (`policy` also names a policy)."""

_VALUES = frozenset({"true", "false", "none", "_"})
_BINDERS = frozenset({"var", "all", "some", "no", "count", "choose", "property", "policy", "let"})

_TOKEN = re.compile(r"""
    (?P<space>[ \t\r\n\f\v]+)
  | (?P<doc>///(?!/)[^\n]*)
  | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9][A-Za-z0-9_]*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<sign><->|===|<>|=>|->|==|!=|<=|>=|\?\.|\.\.|[-+*/%]=|:=|&&|\|\||\+\+|::
            |[{}()@,;:.?=|<>+\-])
  | (?P<bad>.)
""", re.VERBOSE | re.DOTALL)


@dataclass(slots=True)
class Token:
    """A piece of text. `kind` is its text for words of the grammar and signs, else NAME, INT or
    STRING; `$END` stands at the end, and `?` for what is no token of the language."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Tokens:
    """The tokens of a file, ended by `$END`; `docs` holds the `///` text before a token, by the
    token's start. `broken` has the starts of strings that swallowed the rest of their line, and of
    what stands before a comment that swallowed the rest of the file: an error right after one of
    them says nothing new."""

    items: list[Token] = field(default_factory=list)
    docs: dict[int, str] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)


def tokenize(source: SourceFile, grammar: frozenset[str], sink: Sink) -> Tokens | None:
    """The tokens of `source`; `grammar` has its words and signs. None if nested too deeply."""
    text = source.text
    out = Tokens()
    items = out.items
    doc: list[str] = []
    at = 1 if text.startswith("\ufeff") else 0
    depth = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None
        kind, start, at = match.lastgroup, at, match.end()
        if kind in ("space", "comment"):
            continue
        word = match.group()
        if kind == "doc":
            doc.append(word[3:].removeprefix(" ").rstrip())
            continue
        if kind == "word":
            kind = word if word in grammar else "NAME"
            if kind in DECLARING and text[start - 1] == "\n":
                depth = 0  # what is open here was forgotten, not nested
        elif kind == "sign":
            if word in "{(":
                depth += 1
                if depth > MAX_NESTING:
                    sink.error("WC004", f"brackets are nested more than {MAX_NESTING} deep",
                               Span(source.name, start, at), caret="one too many",
                               help="move the inner part into a `routine`, or name it with `let`")
                    return None
            elif word in "})":
                depth = max(0, depth - 1)
            kind = word if word in grammar else "?"
        elif kind == "string":
            kind, word = "STRING", re.sub(r'\\(["\\])', r"\1", word[1:-1])
        elif kind == "number":
            kind, word = _number(word, Span(source.name, start, at), sink)
        else:
            kind, at = _bad(source, start, sink)
            if kind == "STRING":
                out.broken.add(start)
            if kind == "$END":
                out.broken.update(item.start for item in items[-1:])
                break
            word = text[start:at]
        if doc:
            out.docs[start] = "\n".join(doc)
            doc.clear()
        items.append(Token(kind, word, start, at))
    items.append(Token("$END", "", len(text), len(text)))
    _names(items)
    return out


def _names(items: list[Token]) -> None:
    """Words of the grammar that can only be names here: fields, and names before a colon."""
    last = len(items) - 1
    for index in range(1, min(4, last)):
        # a file's name may be any word: `part gpu`
        if (items[index - 1].text in (("model", "part") if index == 1 else ("extends",))
                and items[index].text.isidentifier() and items[index + 1].kind != "NAME"):
            items[index].kind = "NAME"
    for index, token in enumerate(items):
        if token.kind == ":" and index:
            word = items[index - 1]
            before = items[index - 2].kind if index > 1 else ""
            if (word.text == word.kind and word.text.isidentifier() and word.kind not in _VALUES
                    and (word.kind not in RESERVED or before not in _BINDERS)):
                word.kind = "NAME"
        elif token.kind in (".", "?.") and index < last:
            word = items[index + 1]
            if word.text == word.kind and word.text.isidentifier() and word.kind != "_":
                word.kind = "NAME"


def _number(word: str, span: Span, sink: Sink) -> tuple[str, str]:
    """The kind and text of a token that starts with a digit; what is no number stands for one, or
    for a name."""
    if not word.isdecimal():
        hexadecimal = word[:2] in ("0x", "0X")
        sink.error("WC009", f"`{word[:30]}` is not a number", span,
                   caret="numbers are decimal" if hexadecimal else "a letter in a number",
                   help=f"write `{int(word, 16)}`" if _is_hex(word)
                   else "write digits only; a name starts with a letter")
        return ("INT", "0") if hexadecimal else ("NAME", word)
    digits = word.lstrip("0") or "0"
    if len(digits) > 10 or int(digits) > MAX_INTEGER:
        sink.error("WC009", "the number is too large", span,
                   caret=f"integers go up to {MAX_INTEGER:,}",
                   help="models count small things: use a range such as `0..3`")
        return "INT", "0"
    return "INT", digits


def _is_hex(word: str) -> bool:
    return bool(re.fullmatch(r"0[xX][0-9a-fA-F]{1,7}", word))


def _bad(source: SourceFile, start: int, sink: Sink) -> tuple[str, int]:
    """Report what starts at `start` and is no token; its kind and end."""
    text = source.text
    char = text[start]
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    if char == '"':
        end = start + len(text[start:line_end].rstrip())
        sink.error("WC006", "this string is not closed", Span(source.name, start, end),
                   caret='no `"` before the end of the line',
                   help='end it with `"` on the same line')
        return "STRING", end
    if text.startswith("/*", start):
        sink.error("WC007", "this comment is not closed", Span(source.name, start, start + 2),
                   caret="no `*/` follows", help="end it with `*/`, or use `//` on each line")
        return "$END", len(text)
    return "?", start + 1
