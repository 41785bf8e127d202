"""Known mistakes, in the order they are tried: each check looks at the place of an error and says
what is wrong there, or None. Every one of them has a page in diagnostics/codes/syntax.py whose bad
example triggers it."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher

from wddmcheck.diagnostics.diagnostic import Diagnostic, Label
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.lang.place import Place, chain_start, shown
from wddmcheck.lang.recovery import KINDS, is_statement
from wddmcheck.lang.tokens import DECLARING, RESERVED, Token, words

Check = Callable[[Place], Diagnostic | None]

OPERATORS = {
    "&&": "and", "||": "or", "!": "not", "===": "==", "<>": "!=", "::": ".", "&": "and",
    "|": "or", "~": "not",
}
UPDATES = frozenset(("++", "--", "+=", "-=", "*=", "/=", "%="))
COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "in", "is"))
CONDITIONS = words("""requires if while where when assert until invariant never reachable
    possible""")
CLAIMS = words("invariant never reachable always before after builtin")
CONTRACT = frozenset(("requires", "irql", "returns"))
SOFT_CONTRACT = frozenset(("level", "entry", "exit", "when"))
DECLARATIONS = DECLARING | {"remove", "single", "default", "os"}
FOREIGN = {
    "struct": "object", "class": "object", "record": "object", "typedef": "enum", "type": "enum",
    "function": "routine", "func": "routine", "fn": "routine", "def": "routine", "void": "routine",
    "NTSTATUS": "ddi", "proc": "routine", "method": "routine", "thread": "worker", "process": "ddi",
    "const": "var", "static": "var", "int": "var", "bool": "var", "boolean": "var", "let": "var",
    "global": "var", "state": "var", "mutex": "lock", "spinlock": "lock", "invariant": "property",
    "assert": "property", "never": "property", "theorem": "property", "include": "import",
    "use": "import", "using": "import", "from": "import", "isr": "interrupt", "action": "gpu",
}
STATEMENTS = words("""let choose call create if for while either step wait acquire release return
    assert destroy add remove""")
FOREIGN_STATEMENTS = {
    "delete": "destroy x", "free": "destroy x", "kill": "destroy x", "new": "let x = create C()",
    "var": "let x = ...", "foreach": "for x in C { ... }", "forall": "for x in C { ... }",
    "lock": "acquire L", "unlock": "release L", "set": "x = ...", "yield": "step",
    "await": "wait until ...", "sleep": "step", "goto": "while", "switch": "if ... else if ...",
    "invoke": "call F()", "do": "while ... { ... }", "loop": "while ... { ... }",
    "assume": "requires ... (before the body)", "print": "", "break": "", "continue": "",
}
MAX_WORD = 40
"""Longer words are not misspelt ones."""


def _operator(place: Place) -> Diagnostic | None:
    token = place.token
    if token.text in UPDATES or (token.kind in ("+", "-") and place.statement >= 0):
        first = place.tokens[place.statement] if place.statement >= 0 else token
        name = "".join(t.text for t in place.tokens[place.statement:place.at]
                       ) if place.statement >= 0 else "x"
        sign = token.text[0]
        return Diagnostic("WC031", f"there is no `{token.text}`" if len(token.text) > 1
                          else f"a statement cannot start with `{name} {sign}`",
                          place.span(first, token), "an assignment says all of it",
                          f"write `{name} = {name} {sign} 1`")
    if token.kind == "?" and token.text in ("*", "/", "%"):
        return Diagnostic("WC015", f"there is no operator `{token.text}`", place.span(token),
                          "integers are only added and subtracted", "write `+` or `-`")
    if token.text in OPERATORS and (token.kind == "?" or place.declaration != "policy"):
        word = OPERATORS[token.text]
        return Diagnostic("WC015", f"`{token.text}` is an operator of another language",
                          place.span(token), f"here it is `{word}`", f"write `{word}`")
    return None


def _scope_size(place: Place) -> Diagnostic | None:
    if place.declaration == "scope" and place.opened and place.token.text in ("=", ":", ":=", "=="):
        name, size = place.prev.text, place.next.text or "2"
        return Diagnostic("WC022", f"a size follows its class without `{place.token.text}`",
                          place.span(place.token), "leave this out", f"write `{name} {size}`")
    return None


def _return_value(place: Place) -> Diagnostic | None:
    start = place.statement if place.statement >= 0 else place.at
    before, earlier = (place.tokens[i] if i >= 0 else place.back(place.at + 1)
                       for i in (start - 1, start - 2))
    if earlier.kind == "return" and before.kind == "NAME" and (
            (place.statement >= 0 and place.token.kind in ("}", ";", "$END"))
            or (start == place.at and place.token.kind in ("INT", "none", "true", "false"))):
        value = place.tokens[start]
        return Diagnostic("WC020", "a comma is missing between the status and the value",
                          place.span(value), f"the value returned with {before.text}"[:60],
                          f"write `return {before.text}, {value.text}`")
    if place.token.kind in ("=", "becomes"):
        index = chain_start(place.tokens, place.at - 1)
        if index and place.tokens[index - 1].kind == "return":
            return Diagnostic("WC020", "`return` takes what follows it as its value",
                              place.span(place.tokens[index - 1], place.tokens[index]),
                              "this is read as one statement",
                              "write `return;` if nothing is returned")
    return None


def _assignment_in_condition(place: Place) -> Diagnostic | None:
    token = place.token
    if token.text not in ("=", ":="):
        return None
    if "==" in place.expected:
        word = place.nearest(CONDITIONS)
        where = f"the condition after `{word}`" if word else "an expression"
        return Diagnostic("WC014", f"`{token.text}` in {where}", place.span(token),
                          f"`{token.text}` assigns; conditions use `==`",
                          f"write `{place.left} == {place.right}`")
    if token.text == ":=" and "=" in place.expected:
        return Diagnostic("WC014", "`:=` does not assign here", place.span(token),
                          "an assignment is written `=`",
                          f"write `{place.left} = {place.right}`")
    if place.prev.kind in CONDITIONS or place.prev.text in CONDITIONS:
        return Diagnostic("WC014", f"expected a condition after `{place.prev.text}`",
                          place.span(token), f"`{token.text}` assigns; conditions use `==`",
                          f"write `{place.prev.text} {place.right} ...`")
    return None


def _arrow(place: Place) -> Diagnostic | None:
    if place.token.kind == "->" and "." in place.expected and place.declaration != "object":
        return Diagnostic("WC017", "`->` does not read a field", place.span(place.token),
                          "fields are read with `.`",
                          f"write `{place.left}.{place.right}`")
    return None


def _then(place: Place) -> Diagnostic | None:
    token, prev = place.token, place.prev
    if "{" in place.expected and token.text in ("then", "do", "begin"):
        return Diagnostic("WC016", f"there is no `{token.text}`", place.span(token),
                          "the body stands in braces", "write `if condition { ... }`")
    if place.statement >= 0 and prev.text in ("elif", "elsif", "elseif", "elsif"):
        return Diagnostic("WC016", f"there is no `{prev.text}`", place.span(prev),
                          "`else` and `if` are two words", "write `} else if condition { ... }`")
    return None


def _header(place: Place) -> Diagnostic | None:
    token = place.token
    if place.at == 0:
        meant = closest(token.text[:MAX_WORD], ("model", "part"))
        return Diagnostic("WC024", "a file starts with `model NAME` or `part NAME`",
                          place.span(token),
                          f"did you mean `{meant}`?" if meant else "no header before this",
                          f"write `{meant or 'model'} {place.next.text if meant else 'mydriver'}`")
    if place.between_declarations and token.text in ("model", "part"):
        return Diagnostic("WC025", "a file holds one model or part", place.span(token),
                          "a second header", "move what follows into a file of its own")
    if place.between_declarations and token.text == "extends":
        return Diagnostic("WC025", "a part extends nothing", place.span(token),
                          "only a model does", "write `model NAME extends BASE`")
    return None


def _contract(place: Place) -> Diagnostic | None:
    word = place.token
    if word.kind not in CONTRACT:
        word = place.tokens[place.statement] if place.statement >= 0 else place.token
        if word.text not in SOFT_CONTRACT:
            return None
        if word is place.token and not place.between_declarations:
            return None
    elif not ((place.in_body and "let" in place.expected) or place.between_declarations):
        return None
    name = place.declared or "D"
    inside = "in the body" if place.in_body else "after the body"
    return Diagnostic("WC019", f"`{word.text}` stands {inside}", place.span(word),
                      "clauses of the contract go before `{`",
                      f"write it in the header: `{name}(...) {word.text} ... {{`"[:90])


def _bracket(place: Place) -> Diagnostic | None:
    token = place.token
    inner = place.tokens[place.opened[0]] if place.opened else None
    if token.kind in ("}", ")") and not (inner and inner.kind == {"}": "{", ")": "("}[token.kind]):
        if inner is None and ("{" not in place.expected or place.between_declarations):
            return Diagnostic("WC013", f"this `{token.kind}` closes nothing", place.span(token),
                              "no bracket is open here",
                              "remove it, or look for one too many before")
        if inner is not None and inner.kind == "(" and ")" in place.expected:
            return _open(place, inner)
        return None
    if inner is None:
        return None
    if inner.kind == "(" and ")" in place.expected and (
            place.ends or token.kind == "{" or token.kind in STATEMENTS):
        return _open(place, inner)
    if place.in_body and is_statement(place.tokens, place.source.text, place.at):
        return _foreign_statement(place, token)
    if inner.kind == "{" and place.ends and not place.operand:
        return _open(place, inner)
    return None


def _open(place: Place, inner: Token) -> Diagnostic:
    close = ")" if inner.kind == "(" else "}"
    where = "the file ends here" if place.token.kind == "$END" else f"before {shown(place.token)}"
    return Diagnostic("WC013", f"this `{inner.kind}` is never closed", place.span(inner),
                      f"its `{close}` is missing", f"write `{close}` {where}"
                      if place.token.kind != "$END" else f"write `{close}` at the end",
                      (Label(place.span(place.token), "missing before this"),)
                      if place.token.kind != "$END" else ())


def _claim(place: Place) -> Diagnostic | None:
    if place.declaration != "property":
        return None
    if place.prev.kind == "always":
        return Diagnostic("WC010", "expected `possible` after `always`", place.span(place.prev),
                          "what holds in every state is an `invariant`",
                          "write `invariant ...`, or `always possible ...`")
    bare = place.at - place.begin <= 3 and (place.ends or place.token.kind != ":") \
        and place.prev.kind != "property"
    if bare and not ("invariant" in place.expected and place.operand and not place.ends):
        return Diagnostic("WC021", "the property claims nothing", place.span(place.prev),
                          "a claim follows the name and a colon",
                          f"write `property {place.declared}: invariant ...`")
    if "leads" in place.expected:
        first = place.tokens[min(place.begin + 3, place.at - 1)]
        meant = _meant(first.text, CLAIMS, 0.7) if first.kind == "NAME" else None
        if meant:
            return Diagnostic("WC011", f"unknown word `{first.text}`", place.span(first),
                              f"did you mean `{meant}`?", f"write `{meant}`")
        return Diagnostic("WC021", "the property does not say what it claims of this condition",
                          place.span(first), "holds always, never, or sometimes?",
                          f"write `property {place.declared}: invariant {first.text} ...`")
    return None


def _quantifier(place: Place) -> Diagnostic | None:
    if place.token.kind == ":" and "and" in place.expected | {"and" * ("where" in place.expected)}:
        word = place.nearest(frozenset(("some", "no", "count", "all")))
        if word and word != "all":
            return Diagnostic("WC027", f"`{word}` takes its condition after `where`",
                              place.span(place.token), "not after a colon",
                              f"write `{word} x: C where ...`")
    if (":" in place.expected and ("and" in place.expected or "where" in place.expected)
            and place.nearest(frozenset(("all",)))):
        return Diagnostic("WC027", "`all` lacks what it says of each object",
                          place.span(place.prev), "expected `:` and a condition after this",
                          "write `all x: C where condition: claim`")
    return None


def _chain(place: Place) -> Diagnostic | None:
    token = place.token
    if token.kind in COMPARISONS and "and" in place.expected and token.kind not in place.expected:
        return Diagnostic("WC023", "comparisons do not chain", place.span(token),
                          "a second comparison",
                          f"write `... and {place.left} {token.text} {place.right}`")
    return None


def _character(place: Place) -> Diagnostic | None:
    token = place.token
    if token.kind != "?":
        return None
    caret, help_ = "this is no part of the language", "remove it"
    if token.text in "'‘’“”`´":
        caret, help_ = "texts stand in straight double quotes", 'write `"..."`'
    elif token.text == "#":
        caret, help_ = "comments start with `//`", "write `// ...`"
    elif token.text in "[]":
        caret, help_ = "there are no arrays", "use a field `set of C`, and `x in c.field`"
    elif token.text == "\\":
        caret, help_ = "lines need no continuation", "remove it"
    return Diagnostic("WC008", f"unexpected character {shown(token)}", place.span(token),
                      caret, help_)


def _declaration(place: Place) -> Diagnostic | None:
    token = place.token
    if not place.between_declarations or not token.text.isidentifier():
        return None
    if token.text in FOREIGN:
        word = FOREIGN[token.text]
        return Diagnostic("WC018", f"there is no declaration `{token.text}`", place.span(token),
                          f"this language has `{word}`", f"write `{word} ...`")
    if token.text in STATEMENTS:
        return Diagnostic("WC018", f"the statement `{token.text}` stands outside of a body",
                          place.span(token), "statements stand in the braces of a block",
                          "move it into a `ddi` or a `routine`")
    if token.kind != "NAME" or not (place.starts_line or place.prev.kind in ("}", ";")):
        return None
    meant = _meant(token.text, place.expected, 0.7)
    if meant and meant not in DECLARATIONS:
        return None
    meant = meant or closest(token.text[:MAX_WORD], DECLARATIONS)
    return Diagnostic("WC011", f"unknown declaration `{token.text[:MAX_WORD]}`", place.span(token),
                      f"did you mean `{meant}`?" if meant else "no declaration starts like this",
                      f"write `{meant}`" if meant else
                      "write `object`, `var`, `ddi`, `property` or another declaration")


def _foreign_statement(place: Place, word: Token) -> Diagnostic:
    instead = FOREIGN_STATEMENTS[word.text]
    return Diagnostic("WC030", f"there is no statement `{word.text}`", place.span(word),
                      f"here it is `{instead}`" if instead else "models do without it",
                      f"write `{instead}`" if instead else "leave it out")


def _statement(place: Place) -> Diagnostic | None:
    start = place.statement
    if start < 0:
        return None
    word, token = place.tokens[start], place.token
    if word.text in FOREIGN_STATEMENTS and start == place.at - 1:
        return _foreign_statement(place, word)
    meant = _meant(word.text, STATEMENTS | {"else"}, 0.7) if start == place.at - 1 else None
    if meant:
        return Diagnostic("WC030", f"unknown statement `{word.text}`", place.span(word),
                          f"did you mean `{meant}`?", f"write `{meant}`")
    if token.kind == "(":
        name = "".join(t.text for t in place.tokens[start:place.at])
        return Diagnostic("WC028", f"`{name}(...)` is no statement", place.span(word, place.prev),
                          "a call says `call`", f"write `call {name}(...)`")
    return None


def _name(place: Place) -> Diagnostic | None:
    if not place.expected or not place.expected <= {"NAME", "_"} or place.prev.kind == "":
        return None
    token = place.token
    if token.kind in RESERVED and not (
            place.ends and (place.starts_line or place.next.kind == "NAME")):
        return Diagnostic("WC012", f"`{token.text}` is a word of the language, not a name",
                          place.span(token), f"expected a name after {shown(place.prev)}",
                          f"write another name, such as `{token.text.strip('_') or 'x'}1`")
    missing = place.starts_line or token.kind == "$END"
    return Diagnostic("WC012", f"expected a name after {shown(place.prev)}",
                      place.span(place.prev if missing else token),
                      "the name is missing" if missing else f"found {shown(token)}",
                      f"write `{place.prev.text} NAME`"
                      if place.prev.text.isidentifier() else "write a name")


def _body(place: Place) -> Diagnostic | None:
    if "{" not in place.expected:
        return None
    if place.in_body:
        word = place.nearest(frozenset(("if", "else", "while", "for", "either", "or")))
        if word and ("and" in place.expected or place.prev.kind in ("else", "either", "or")):
            return Diagnostic("WC029", f"the body of `{word}` stands in braces",
                              place.span(place.token), f"expected `{{` before {shown(place.token)}",
                              f"write `{word} ... {{ ... }}`")
    elif place.declaration in KINDS and place.ends:
        return Diagnostic("WC029", f"`{place.declared}` has no body", place.span(place.prev),
                          "expected `{` after this", "write `{ ... }` after the header")
    return None


def _misspelt(place: Place) -> Diagnostic | None:
    token = place.token
    if token.kind != "NAME":
        return None
    meant = _meant(token.text, place.expected, 0.75)
    if meant is None:
        return None
    return Diagnostic("WC011", f"unknown word `{token.text[:MAX_WORD]}`", place.span(token),
                      f"did you mean `{meant}`?", f"write `{meant}`")


def _meant(word: str, candidates: frozenset[str], cutoff: float) -> str | None:
    """The word among the candidates that is so like `word` that it must have been meant."""
    if len(word) > MAX_WORD:
        return None
    words = sorted(c for c in candidates if c.isidentifier() and len(c) > 2 and c.islower())
    rated = [(SequenceMatcher(None, word.lower(), c).ratio(), c) for c in words if c != word]
    best = max(rated, default=(0.0, ""))
    return best[1] if best[0] >= cutoff else None


CHECKS: tuple[Check, ...] = (
    _scope_size, _return_value, _operator, _assignment_in_condition, _arrow, _then, _header,
    _contract, _bracket, _claim, _quantifier, _chain, _character, _declaration, _statement, _name,
    _body, _misspelt,
)
