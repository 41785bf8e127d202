"""Code pages of names: WC101 to WC117."""

from __future__ import annotations

from wddmcheck.diagnostics.codes.page import CodePage

PAGES: tuple[CodePage, ...] = (
    CodePage(
        "WC101", "unknown name",
        "A name is used that nothing declares: no parameter, local, global variable, enum member,\n"
        "relation or built-in property has it. Locals end with the braces that they stand in.",
        bad="model m\nvar ready: bool\nddi D() { raedy = true return STATUS_SUCCESS }\n",
        good="model m\nvar ready: bool\nddi D() { ready = true return STATUS_SUCCESS }\n"),
    CodePage(
        "WC102", "unknown life state",
        "`x is S` and `x becomes S` name a life state of x's class, as its `life` line lists them\n"
        "(or `none`, `live`, `absent`).",
        bad="model m\nobject C { life Idle -> Busy }\n"
            "gpu Run(c: C) when c is Idel { c becomes Busy }\n",
        good="model m\nobject C { life Idle -> Busy }\n"
             "gpu Run(c: C) when c is Idle { c becomes Busy }\n"),
    CodePage(
        "WC103", "unknown field",
        "The object has no such field. An object's owner is a field too: `context.device` for an\n"
        "`object Context within Device`.",
        bad="model m\nobject C { fence: 0..3 }\ngpu Run(c: C) when c.fense == 0 { }\n",
        good="model m\nobject C { fence: 0..3 }\ngpu Run(c: C) when c.fence == 0 { }\n"),
    CodePage(
        "WC104", "unknown object class",
        "A type, a quantifier or `create` names a class that no `object` (or `enum`) declares.",
        bad="model m\nobject Context\nproperty p: reachable some c: Contxt\n",
        good="model m\nobject Context\nddi D() { create Context() return STATUS_SUCCESS }\n"
             "property p: reachable some c: Context\n"),
    CodePage(
        "WC105", "declared twice",
        "Two declarations have one name. In a model that extends another, `replace` says that the\n"
        "new one takes the place of the old. Locals do not shadow each other.",
        bad="model m\nvar a: bool\nvar a: bool\n", good="model m\nvar a: bool\nvar b: bool\n"
        "gpu G() when a { b = true }\n"),
    CodePage(
        "WC106", "unknown or unsuitable block",
        "A call, `before`, `after`, `in_flight` or `under fairness of` names a block that is not\n"
        "there, or that cannot be called from here: drivers call callbacks and routines, thunks\n"
        "call DDIs too, and the GPU calls nothing.",
        bad="model m\nddi D() { call DxgkCbQueueDpc() return STATUS_SUCCESS }\n",
        good="model m\ncallback DxgkCbQueueDpc() { return STATUS_SUCCESS }\n"
             "ddi D() { call DxgkCbQueueDpc() return STATUS_SUCCESS }\n"),
    CodePage(
        "WC107", "unknown enum member",
        "The enum has no such member, or several enums have it and nothing says which is meant.",
        bad="model m\nvar power: { D0, D3 }\ngpu G() when power is D1 { }\n",
        good="model m\nvar power: { D0, D3 }\ngpu G() when power is D3 { }\n"),
    CodePage(
        "WC108", "nothing to replace or remove",
        "`replace` and `remove` act on what the extended model declares; this name is not among\n"
        "it, or is of another kind.",
        bad="model m\nremove property p\n", good="model m\nvar a: bool\ngpu G() when a { }\n"),
    CodePage(
        "WC109", "unknown lock",
        "`acquire` and `release` name a lock that no `lock` declares.",
        bad="model m\nddi D() { acquire L return STATUS_SUCCESS }\n",
        good="model m\nlock L spin\nddi D() { acquire L release L return STATUS_SUCCESS }\n"),
    CodePage(
        "WC110", "wrong number of arguments",
        "A call, a relation or `create` has more or fewer arguments than its declaration. An\n"
        "object that lives within another is created with its owner: `create Context(device)`.",
        bad="model m\nobject D\nobject C within D\n"
            "ddi F(d: D) { create C() return STATUS_SUCCESS }\n",
        good="model m\nobject D\nobject C within D\n"
             "ddi F(d: D) { create C(d) return STATUS_SUCCESS }\n"),
    CodePage(
        "WC111", "unknown choice of a policy",
        "A policy has the choices that its declaration lists and no others.",
        bad="model m\npolicy G04: strict | lenient\ngpu G() when G04 is strikt { }\n",
        good="model m\npolicy G04: strict | lenient\ngpu G() when G04 is strict { }\n"),
    CodePage(
        "WC112", "a scope that does not fit",
        "A scope gives sizes to object classes and to `calls`; a `single` class has no size to\n"
        "give.",
        bad="model m\nobject C\nscope s { Contexts 2 }\nddi D() { create C() "
            "return STATUS_SUCCESS }\n",
        good="model m\nobject C\nscope s { C 2 }\nddi D() { create C() return STATUS_SUCCESS }\n"),
    CodePage(
        "WC113", "the driver cannot know this",
        "Driver code reads or writes what belongs to the operating system (declared `os`), or\n"
        "asks whether a reference dangles. A real driver has no way to; a model in which it does\n"
        "would prove too much.",
        bad="model m\nobject C { os handle: bool }\n"
            "ddi D(c: C) { if c.handle { destroy c } return STATUS_SUCCESS }\n",
        good="model m\nobject C { os handle: bool }\n"
             "ddi D(c: C) requires c.handle { destroy c return STATUS_SUCCESS }\n"),
    CodePage(
        "WC114", "unknown annotation",
        "Annotations say on whose word something rests: `@doc(\"UID\", \"RULE\", ...)` stated,\n"
        "`@inferred(\"RULE\", \"why\")`, `@assumed(\"why\")`; `@bugcheck(\"0x10E\", \"0x33\")`\n"
        "names the documented stop code.",
        bad="model m\nvar a: bool\n@inferred(\"CTX-06\") gpu G() when a { }\n",
        good="model m\nvar a: bool\n@inferred(\"CTX-06\", \"it blocks\") gpu G() when a { }\n"),
    CodePage(
        "WC115", "ownership in a circle",
        "An object lives within another that, in the end, lives within it.",
        bad="model m\nobject A within B\nobject B within A\n",
        good="model m\nobject A\nobject B within A\n"
             "ddi D(a: A) { create B(a) return STATUS_SUCCESS }\n"),
    CodePage(
        "WC116", "unknown level",
        "IRQLs are PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, DIRQL and HIGH_LEVEL; threading\n"
        "levels are 0 to 3.",
        bad="model m\nddi D() irql PASIVE_LEVEL { return STATUS_SUCCESS }\n",
        good="model m\nddi D() irql PASSIVE_LEVEL { return STATUS_SUCCESS }\n"),
    CodePage(
        "WC117", "nothing can run",
        "The model declares no ddi, thunk, gpu, interrupt, dpc or worker block, so that it has\n"
        "one state and no run: whatever is claimed of it would hold for no reason.",
        bad="model m\nobject C\n",
        good="model m\nobject C\nddi D() { create C() return STATUS_SUCCESS }\n"),
)
