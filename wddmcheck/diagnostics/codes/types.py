"""Code pages of types and of what may stand where: WC150 to WC162."""

from __future__ import annotations

from wddmcheck.diagnostics.codes.page import CodePage

PAGES: tuple[CodePage, ...] = (
    CodePage(
        "WC150", "wrong type",
        "An expression has another type than its place asks for, or two values are compared that\n"
        "have nothing in common.",
        bad="model m\nvar n: 0..3\ngpu G() when n { }\n",
        good="model m\nvar n: 0..3\ngpu G() when n == 0 { }\n"),
    CodePage(
        "WC151", "may be none",
        "A reference that may be none stands where a live object is needed. Declare the place\n"
        "with `?`, or give it a value.",
        bad="model m\nobject A\nobject B { a: A }\nvar x: A?\n"
            "ddi D() { create B(a: x) return STATUS_SUCCESS }\n",
        good="model m\nobject A\nobject B { a: A? }\nvar x: A?\n"
             "ddi D() { create B(a: x) return STATUS_SUCCESS }\n"),
    CodePage(
        "WC152", "not an object",
        "Only references to objects have fields and life states; `?.` leads to another reference,\n"
        "because it gives none where there is no object.",
        bad="model m\nvar n: 0..3\ngpu G() when n.fence == 0 { }\n",
        good="model m\nobject C { fence: 0..3 }\ngpu G(c: C) when c.fence == 0 { }\n"),
    CodePage(
        "WC153", "a range that is empty or too large",
        "`lo..hi` needs lo <= hi, and at most 65,537 values.",
        bad="model m\nvar n: 3..0\ngpu G() when n == 0 { }\n",
        good="model m\nvar n: 0..3\ngpu G() when n == 0 { }\n"),
    CodePage(
        "WC154", "cannot be assigned",
        "Fields and global variables are assigned; locals and parameters are bound once, owners\n"
        "never change, and sets are edited with `add` and `remove`.",
        bad="model m\nobject C\nddi D(c: C) { c = none return STATUS_SUCCESS }\n",
        good="model m\nobject C\nvar last: C?\n"
             "ddi D(c: C) { last = c return STATUS_SUCCESS }\n"),
    CodePage(
        "WC155", "not in a `for` or a hook",
        "The turns of a `for` happen all at once, and `entry`/`exit` are bookkeeping: neither\n"
        "branches, chooses, creates or returns, and no turn writes where another does. Use\n"
        "`while` with `choose` and `step` to visit objects one at a time.",
        bad="model m\nobject C { n: 0..3 }\n"
            "ddi D() { for c in C { if c.n == 0 { c.n = 1 } } return STATUS_SUCCESS }\n",
        good="model m\nobject C { n: 0..3 }\n"
             "ddi D() { for c in C where c.n == 0 { c.n = 1 } return STATUS_SUCCESS }\n"),
    CodePage(
        "WC156", "not a place to stop",
        "`step` and `wait until` let others run. gpu and interrupt blocks are atomic, and so are\n"
        "`for`, `entry` and `exit`.",
        bad="model m\nvar a: bool\ngpu G() when a { step a = false }\n",
        good="model m\nvar a: bool\nworker G() when a { step a = false }\n"),
    CodePage(
        "WC157", "a return that does not fit",
        "DDIs, callbacks and thunks return a status (`STATUS_...`), with a value after a comma\n"
        "where the block declares `-> Type` and succeeds. Other blocks return no status.",
        bad="model m\nobject C\nddi D() -> C { let c = create C() return STATUS_SUCCESS }\n",
        good="model m\nobject C\nddi D() -> C { let c = create C() return STATUS_SUCCESS, c }\n"),
    CodePage(
        "WC158", "a loop that never stops",
        "A `while` whose turn may pass no `step` or `wait until` would run for ever inside one\n"
        "atomic step.",
        bad="model m\nobject C\nddi D() { while some c: C { choose c: C destroy c } "
            "return STATUS_SUCCESS }\n",
        good="model m\nobject C\nddi D() { while some c: C { choose c: C destroy c step } "
             "return STATUS_SUCCESS }\n"),
    CodePage(
        "WC159", "recursion",
        "Calls are expanded where they stand, so a routine cannot call itself, directly or not.",
        bad="model m\nroutine R() { call R() }\nddi D() { call R() return STATUS_SUCCESS }\n",
        good="model m\nroutine R() { }\nddi D() { call R() return STATUS_SUCCESS }\n"),
    CodePage(
        "WC160", "no value after a failure",
        "`let x = create ... or { ... }`: where the create or call fails, x has no value, so that\n"
        "branch has to leave the block.",
        bad="model m\nobject C\nddi D() { let c = create C() or { } destroy c "
            "return STATUS_SUCCESS }\n",
        good="model m\nobject C\nddi D() { let c = create C() or return STATUS_NO_MEMORY destroy c "
             "return STATUS_SUCCESS }\n"),
    CodePage(
        "WC161", "the end without a return",
        "A DDI, and every block that returns a value, says on each path what it returns.",
        bad="model m\nvar a: bool\nddi D() { if a { return STATUS_SUCCESS } }\n",
        good="model m\nvar a: bool\nddi D() { if a { return STATUS_SUCCESS } "
             "return STATUS_UNSUCCESSFUL }\n"),
    CodePage(
        "WC162", "a clause that does not belong",
        "DDIs, callbacks and thunks have a caller: `requires`, `entry`, `exit`, `returns` and\n"
        "`level` speak of it. gpu, interrupt, dpc and worker blocks happen by themselves, `when`\n"
        "their condition holds. A routine is simply a part of the driver.",
        bad="model m\nvar a: bool\nddi D() when a { return STATUS_SUCCESS }\n",
        good="model m\nvar a: bool\nddi D() requires not a { a = true return STATUS_SUCCESS }\n"),
)
