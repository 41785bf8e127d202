"""Code pages of the syntax: WC001 to WC034 for one file, WC040 to WC045 for files together."""

from __future__ import annotations

from wddmcheck.diagnostics.codes.page import CodePage


def _ddi(body: str, header: str = "") -> str:
    """A model with one class and one DDI."""
    return (f"model m\nobject C {{ life Idle <-> Busy fence: 0..3 }}\n"
            f"ddi D(c: C) {header}{{ {body} }}\n")


_RETURN = "return STATUS_SUCCESS"
_GOOD = _ddi(_RETURN)

PAGES: tuple[CodePage, ...] = (
    CodePage(
        "WC001", "an empty file",
        "The file holds no declaration, only white space or comments. A file starts with `model\n"
        "NAME`, or with `part NAME` if others import it.",
        bad="// nothing yet\n", good=_GOOD),
    CodePage(
        "WC002", "not a text file",
        "Models are text in UTF-8 (a byte order mark is fine). A NUL byte or an invalid\n"
        "sequence means that this is another kind of file, or that an editor saved it as\n"
        "UTF-16.",
        bad="model m\n\0\n", good=_GOOD),
    CodePage(
        "WC003", "a file that is too large",
        "A file has at most 1,000,000 characters. Larger models are split into parts, which a\n"
        "model imports; a file this large is most often not a model at all."),
    CodePage(
        "WC004", "nested too deeply",
        "Brackets, `not`, `else if` and the like may be nested 200 deep. A person cannot read\n"
        "that, and a program that wrote it can name the inner parts: with `let`, or as a\n"
        "`routine`."),
    CodePage(
        "WC005", "a chain that is too long",
        "More than 200 operators follow each other in one chain, such as `a and b and c ...`.\n"
        "Group them with parentheses, `(a and b) and (c and d)`, or give parts of the chain a\n"
        "name."),
    CodePage(
        "WC006", "a string that is not closed",
        'A text starts with `"` and ends with `"` on the same line. Inside, `\\"` is a quote and\n'
        "`\\\\` a backslash.",
        bad='model m\n@assumed("why\nddi D() { return STATUS_SUCCESS }\n',
        good='model m\n@assumed("why")\nddi D() { return STATUS_SUCCESS }\n'),
    CodePage(
        "WC007", "a comment that is not closed",
        "`/*` starts a comment that goes on up to `*/`, over lines; comments do not nest. `//`\n"
        "starts one that ends with its line.",
        bad=_GOOD + "/* to be written\n", good=_GOOD + "/* to be written */\n"),
    CodePage(
        "WC008", "an unexpected character",
        "This character has no meaning in the language. Texts stand in straight double quotes,\n"
        "comments after `//`; there are no arrays and no preprocessor.",
        bad=_GOOD + "# a comment\n", good=_GOOD + "// a comment\n"),
    CodePage(
        "WC009", "not a number",
        "Numbers are written in decimal digits and go up to 2,147,483,647. Hexadecimal codes\n"
        'appear in annotations only, as texts: `@bugcheck("0x10E", "0x33")`.',
        bad=_ddi("c.fence = 0x2 " + _RETURN), good=_ddi("c.fence = 2 " + _RETURN)),
    CodePage(
        "WC010", "something else was expected",
        "The text does not go on as the language does at this place. The message says what\n"
        "would fit; spec/grammar.md has the whole grammar.",
        bad="model m\nenum Power { D0 D3 }\nddi D() { return STATUS_SUCCESS }\n",
        good="model m\nenum Power { D0, D3 }\nddi D() { return STATUS_SUCCESS }\n"),
    CodePage(
        "WC011", "an unknown word",
        "A declaration starts with a word that starts none, or a word of the language is\n"
        "misspelt.",
        bad="model m\nobjct C\nddi D() { return STATUS_SUCCESS }\n",
        good="model m\nobject C\nddi D() { return STATUS_SUCCESS }\n"),
    CodePage(
        "WC012", "a name is missing",
        "A name is needed here: letters, digits and `_`, not starting with a digit, and not a\n"
        "word that the language reserves (spec/grammar.md lists them). Fields may have any\n"
        "name.",
        bad="model m\nvar step: bool\nddi D() { return STATUS_SUCCESS }\n",
        good="model m\nvar stepping: bool\nddi D() { stepping = true return STATUS_SUCCESS }\n"),
    CodePage(
        "WC013", "brackets that do not match",
        "Each `{` and `(` is closed by its `}` or `)`. Where a new declaration starts inside of\n"
        "braces, one is missing before it.",
        bad=_ddi("if c is Idle { step " + _RETURN), good=_ddi("if c is Idle { step } " + _RETURN)),
    CodePage(
        "WC014", "an assignment in a condition",
        "`=` assigns, as a statement. Conditions compare, with `==`. There is no `:=`.",
        bad=_ddi(_RETURN, "requires c.fence = 3 "), good=_ddi(_RETURN, "requires c.fence == 3 ")),
    CodePage(
        "WC015", "an operator of another language",
        "Conditions are joined with `and`, `or`, `not` and `=>`, compared with `==` and `!=`;\n"
        "integers are added and subtracted.",
        bad=_ddi("if c is Idle && c.fence == 3 { step } " + _RETURN),
        good=_ddi("if c is Idle and c.fence == 3 { step } " + _RETURN)),
    CodePage(
        "WC016", "`if` as in another language",
        "It is `if condition { ... } else if condition { ... } else { ... }`, without `then`,\n"
        "`do` or `elif`. Parentheses around the condition are allowed.",
        bad=_ddi("if (c is Idle) then { step } " + _RETURN),
        good=_ddi("if (c is Idle) { step } " + _RETURN)),
    CodePage(
        "WC017", "a field behind an arrow",
        "All objects are held by reference, so there is one way to a field: `c.fence`. `->`\n"
        "leads to the next life state and to a block's result.",
        bad=_ddi("c.fence = 1 assert c->fence == 1 " + _RETURN),
        good=_ddi("c.fence = 1 assert c.fence == 1 " + _RETURN)),
    CodePage(
        "WC018", "a declaration of another language",
        "Classes of objects are `object`, functions are `ddi`, `callback`, `thunk` or\n"
        "`routine`, variables are `var`, and statements stand in the body of a block.",
        bad="model m\nstruct C { }\nddi D() { return STATUS_SUCCESS }\n",
        good="model m\nobject C { }\nddi D() { return STATUS_SUCCESS }\n"),
    CodePage(
        "WC019", "a clause of the contract in the body",
        "`irql`, `level`, `returns`, `requires`, `entry`, `exit` and `when` stand in the\n"
        "header, between the parameters and `{`: they are the caller's side, and a variant that\n"
        "replaces the body keeps them.",
        bad=_ddi("requires c is Idle " + _RETURN), good=_ddi(_RETURN, "requires c is Idle ")),
    CodePage(
        "WC020", "a `return` that cannot be read",
        "`return STATUS, value` has a comma between the two. As line breaks mean nothing, a\n"
        "`return` without a value ends with `;`, unless `}` follows.",
        bad="model m\nobject C\n"
            "ddi D() -> C { let c = create C() return STATUS_SUCCESS c }\n",
        good="model m\nobject C\n"
             "ddi D() -> C { let c = create C() return STATUS_SUCCESS, c }\n"),
    CodePage(
        "WC021", "a property without a claim",
        "A condition alone is no claim. `invariant e`: in every state; `never e`; `reachable\n"
        "e`: in some state; `always possible e`; `before DDI(x): e`, `after DDI(x): e`; `e\n"
        "leads to f`.",
        bad=_GOOD + "property p: no c: C where c is Busy\n",
        good=_GOOD + "property p: invariant no c: C where c is Busy\n"),
    CodePage(
        "WC022", "a scope's size with a sign",
        "In a scope, the size follows the class: `scope small { Context 2, calls 1 }`.",
        bad=_GOOD + "scope small { C = 2 }\n", good=_GOOD + "scope small { C 2 }\n"),
    CodePage(
        "WC023", "comparisons in a chain",
        "`a < b < c` has no meaning here; say `a < b and b < c`.",
        bad=_ddi("assert 0 <= c.fence <= 3 " + _RETURN),
        good=_ddi("assert 0 <= c.fence and c.fence <= 3 " + _RETURN)),
    CodePage(
        "WC024", "a file without a header",
        "The first line that is not a comment says what the file is: `model NAME`, `model NAME\n"
        "extends BASE`, or `part NAME`.",
        bad="object C\n", good=_GOOD),
    CodePage(
        "WC025", "a second header",
        "One file is one model, or one part. A model takes in others with `import` and\n"
        "`extends`.",
        bad=_GOOD + "model n\n", good=_GOOD),
    CodePage(
        "WC026", "a clause given twice",
        "A block has one `irql`, `level`, `returns` and `when`. Several statuses stand in one\n"
        "`returns`; `requires`, `entry` and `exit` may be repeated.",
        bad=_ddi(_RETURN, "returns STATUS_SUCCESS returns STATUS_NO_MEMORY "),
        good=_ddi("either { return STATUS_NO_MEMORY } or { return STATUS_SUCCESS }",
                  "returns STATUS_SUCCESS, STATUS_NO_MEMORY ")),
    CodePage(
        "WC027", "`where` and `:` in a quantifier",
        "`all x: C where p: q` says q of every x with p. `some`, `no` and `count` have only\n"
        "`where`: `some x: C where p`.",
        bad=_GOOD + "property p: invariant no c: C : c is Busy\n",
        good=_GOOD + "property p: invariant no c: C where c is Busy\n"),
    CodePage(
        "WC028", "a call without `call`",
        "A statement that calls says so: `call DxgkCbQueueDpc()`. What looks like a call in a\n"
        "condition, `open(a, d)`, asks a relation.",
        bad=_ddi("F(c) " + _RETURN) + "routine F(c: C) { c.fence = 0 }\n",
        good=_ddi("call F(c) " + _RETURN) + "routine F(c: C) { c.fence = 0 }\n"),
    CodePage(
        "WC029", "a body without braces",
        "The body of a block, and of `if`, `else`, `for`, `while` and `either`, stands in\n"
        "braces, even if it is one statement.",
        bad=_ddi("if c is Idle c becomes Busy " + _RETURN),
        good=_ddi("if c is Idle { c becomes Busy } " + _RETURN)),
    CodePage(
        "WC030", "an unknown statement",
        "Objects are made with `create` and end with `destroy`; locks are taken with `acquire`\n"
        "and given up with `release`; other threads run at `step` and `wait until`.",
        bad=_ddi("destory c " + _RETURN), good=_ddi("destroy c " + _RETURN)),
    CodePage(
        "WC031", "an update operator",
        "There is no `++` and no `+=`: an assignment names the new value.",
        bad=_ddi("c.fence += 1 " + _RETURN), good=_ddi("c.fence = c.fence + 1 " + _RETURN)),
    CodePage(
        "WC032", "an annotation where none fits",
        "`@doc`, `@inferred`, `@assumed` and `@bugcheck` stand before objects, relations,\n"
        "policies, blocks and properties, and before the clauses `requires`, `entry` and\n"
        "`exit`.",
        bad='model m\n@doc("UID") var a: bool\nddi D() { a = true return STATUS_SUCCESS }\n',
        good="model m\n/// UID\nvar a: bool\nddi D() { a = true return STATUS_SUCCESS }\n"),
    CodePage(
        "WC033", "a value without its field",
        "`create C(owner, field: value)`: only the owner stands without a name, and it stands\n"
        "first.",
        bad="model m\nobject A\nobject C within A { n: 0..3 }\n"
            "ddi D(a: A) { create C(a, 2) return STATUS_SUCCESS }\n",
        good="model m\nobject A\nobject C within A { n: 0..3 }\n"
             "ddi D(a: A) { create C(a, n: 2) return STATUS_SUCCESS }\n"),
    CodePage(
        "WC034", "a value after what is no status",
        "`return STATUS, value` starts with the name of a status. A routine returns one value:\n"
        "`return value`.",
        bad=_ddi("return c.fence, c"), good=_ddi(_RETURN)),
    CodePage(
        "WC040", "no such file",
        "Paths are relative to the file that names them. `extends BASE` without `from` looks\n"
        "for BASE.wddm beside the file and in the folder above.",
        bad='model m\nimport "nowhere.wddm"\n', good=_GOOD),
    CodePage(
        "WC041", "a file that cannot be read",
        "The path leads to a folder, or the file may not be read.",
        bad='model m\nimport "."\n', good=_GOOD),
    CodePage(
        "WC042", "files that need each other in a circle",
        "A file is read after all that it imports and extends, so they cannot need it in turn.\n"
        "Move what both need into a third file.",
        bad='model m\nimport "m.wddm"\n', good=_GOOD),
    CodePage(
        "WC043", "a part cannot be verified alone",
        "A part (`part gpu`) is there to be imported; verify the model that does.",
        bad="part gpu\nobject C\n", good=_GOOD),
    CodePage(
        "WC044", "a model where a part belongs, or the reverse",
        "`import` takes in parts; `extends` builds on a model and changes it."),
    CodePage(
        "WC045", "another model than the header says",
        "The file that `extends BASE` leads to holds a model of another name."),
)
