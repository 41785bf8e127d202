"""Where the parser goes on after an error: at the next declaration."""

from __future__ import annotations

from collections.abc import Sequence

from wddmcheck.lang.tokens import DECLARING, Token, words

KINDS = words("ddi callback thunk routine gpu interrupt dpc worker")
MODIFIERS = {"single": "object", "default": "scope", "os": "var relation"}
_REACH = 200
_CONTRACT = words("requires irql returns")
_GO_ON = words("@ = : , ( { + - -> and or not =>")


def starts_declaration(tokens: Sequence[Token], at: int) -> bool:
    """Whether a declaration seems to start at `at`: the words say so."""
    token = tokens[at]
    if token.text in MODIFIERS:
        return tokens[at + 1].kind in MODIFIERS[token.text].split()
    if token.kind == "remove":
        return tokens[at + 1].kind in DECLARING
    if token.kind == "@":
        after = _after_annotations(tokens, at)
        return tokens[after].kind != "@" and starts_declaration(tokens, after)
    if token.kind not in DECLARING:
        return False
    before = tokens[at - 1].text if at else ""
    if before in ("replace", "remove", "import") or token.kind in MODIFIERS.get(before, "").split():
        return False
    if token.kind == "policy":
        return tokens[min(at + 2, len(tokens) - 1)].kind == ":"
    if token.kind in KINDS:
        return tokens[at + 1].kind in ("NAME", "(", "{")
    return tokens[at + 1].kind not in ("=", ".", ":")


def _after_annotations(tokens: Sequence[Token], at: int) -> int:
    """The index after `@a("x") @b`; only so many tokens are looked at."""
    limit = min(at + _REACH, len(tokens) - 1)
    while at < limit and tokens[at].kind == "@" and tokens[at + 1].text.isidentifier():
        at += 2
        if tokens[at].kind == "(":
            while at < limit and tokens[at].kind not in (")", "{", "@"):
                at += 1
            at += tokens[at].kind == ")"
    return min(at, len(tokens) - 1)


def is_statement(tokens: Sequence[Token], text: str, at: int) -> bool:
    """Whether `lock L` or `var x`, in a body, was meant as a statement."""
    return tokens[at].kind in ("lock", "var") and text[tokens[at].start - 1] != "\n"


def next_declaration(tokens: Sequence[Token], text: str, failed: int, begun: int,
                     depth: int) -> int:
    """The first declaration at or after `failed` and after `begun`, where the parser began; `depth`
    brackets are open at `failed`.

    Words that start a declaration have no other use, so they are trusted whatever brackets are
    open: one of those may be what is missing. Outside of brackets a line that is not indented
    starts a declaration too, though one that nobody knows.
    """
    at = failed
    while tokens[at].kind != "$END":
        token = tokens[at]
        if at > begun and starts_declaration(tokens, at) and not (
                at == failed and depth > 0 and is_statement(tokens, text, at)):
            return at
        if (at > failed and depth <= 0 and text[token.start - 1] == "\n"
                and (token.text.isidentifier() or token.kind == "}")
                and token.kind not in _CONTRACT and tokens[at - 1].kind not in _GO_ON):
            return at
        depth += (token.kind in ("{", "(")) - (token.kind in ("}", ")"))
        at += 1
    return at
