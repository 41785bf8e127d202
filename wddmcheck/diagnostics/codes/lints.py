"""Code pages of lints, which are warnings: WC201 and WC202."""

from __future__ import annotations

from wddmcheck.diagnostics.codes.page import CodePage

PAGES: tuple[CodePage, ...] = (
    CodePage(
        "WC201", "declared and never used",
        "A lock, policy, relation, variable, enum, callback or routine is declared and nothing\n"
        "refers to it: a name may be misspelled where it should be used, or a replaced body no\n"
        "longer needs it.",
        bad="model m\nlock L spin\nobject C\nddi D() { create C() return STATUS_SUCCESS }\n",
        good="model m\nlock L spin\nobject C\n"
             "ddi D() { acquire L create C() release L return STATUS_SUCCESS }\n"),
    CodePage(
        "WC202", "a field that is never used",
        "Nothing reads or writes the field. Every field multiplies the states that have to be\n"
        "visited, so one that nothing looks at costs time and says nothing.",
        bad="model m\nobject C { n: 0..3 }\nddi D() { create C() return STATUS_SUCCESS }\n",
        good="model m\nobject C { n: 0..3 }\n"
             "ddi D() { create C() return STATUS_SUCCESS }\n"
             "gpu G(c: C) when c.n == 0 { c.n = 1 }\n"),
)
