"""Code pages of the command line (WC301 to WC319), of engines and limits (WC401 to WC404) and of
internal errors (WC901, WC902). `bad` and `good` are commands, run in a checkout."""

from __future__ import annotations

from wddmcheck.diagnostics.codes.page import CodePage

YARDSTICK = "wddmcheck verify models/yardstick.wddm"
ONE = "Process=1,Device=1,Context=1,Allocation=1"

PAGES: tuple[CodePage, ...] = (
    CodePage(
        "WC301", "no such pool",
        "`--scope` gives sizes to pools: the object classes of the model, except those that\n"
        "are `single`, and `calls`, the calls in flight at one time. Capitals do not matter.\n"
        "Pools that are not named keep their size from the model's default scope.",
        bad=f"{YARDSTICK} --scope Contexts=1",
        good=f"{YARDSTICK} --scope {ONE}"),
    CodePage(
        "WC302", "a pool is empty that the property speaks of",
        "A property that was asked for with `--property` speaks of all objects of a class,\n"
        "and the scope has room for none: it would hold whatever the model says. (Without\n"
        "`--property` an empty pool is allowed, and properties that say nothing there are\n"
        "reported as HOLLOW.)",
        bad=f"{YARDSTICK} --property I3 --scope Allocation=0",
        good=f"{YARDSTICK} --property I3 --scope {ONE}"),
    CodePage(
        "WC303", "no such policy or choice",
        "`--policy NAME=CHOICE` decides a question that the documentation leaves open and\n"
        "that the model declares with `policy`. `wddmcheck check MODEL` lists policies and\n"
        "their choices.",
        bad=f"{YARDSTICK} --policy G99=strict",
        good="wddmcheck check models/yardstick.wddm"),
    CodePage(
        "WC304", "the scope is too large",
        "No pool may have more than 64 slots, and a `single` class has exactly one object.\n"
        "The number of states grows exponentially with these sizes, and defects of lifecycles\n"
        "show with two or three objects of a kind.",
        bad=f"{YARDSTICK} --scope Context=1000000000",
        good=f"{YARDSTICK} --scope {ONE}"),
    CodePage(
        "WC305", "not a scope",
        "`--scope` takes the name of a scope, or pools with sizes: POOL=SIZE, separated by\n"
        "commas. A size is a whole number, 0 or more.",
        bad=f"{YARDSTICK} --scope Context=-1",
        good=f"{YARDSTICK} --scope {ONE}"),
    CodePage(
        "WC306", "a pool is given twice",
        "Each pool has one size in a scope. To check several scopes, repeat `--scope`.",
        bad=f"{YARDSTICK} --scope Context=1,context=2",
        good=f"{YARDSTICK} --scope {ONE} --scope Process=0,Device=0,Context=0,Allocation=0 "
             "--property I5"),
    CodePage(
        "WC307", "no such scope",
        "`--scope NAME` takes a scope that the model declares: `scope NAME { Process 2, ...\n"
        "}`. A model without any is checked at the sizes that `--scope POOL=SIZE,...` gives.",
        bad=f"{YARDSTICK} --scope smal",
        good=f"{YARDSTICK} --scope small --depth 3 --require bounded --allow inconclusive"),
    CodePage(
        "WC308", "no property matches",
        "`--property` takes the name of a property or a pattern (`*`, `?`, `[a-z]`). One that\n"
        "matches nothing stops the run with exit code 5, so that a check that was not made\n"
        "cannot look like one that succeeded.",
        bad=f"{YARDSTICK} --property I9",
        good=f"{YARDSTICK} --property 'I?' --scope {ONE}"),
    CodePage(
        "WC309", "the value of an option cannot be read",
        "Times are written 300, 300s, 5m or 1h; amounts of memory 4G, 512M or as bytes;\n"
        "numbers in decimal digits; policies as NAME=CHOICE.",
        bad=f"{YARDSTICK} --timeout soon",
        good=f"{YARDSTICK} --timeout 5m --scope {ONE}"),
    CodePage(
        "WC311", "the catalogue of documentation facts is missing",
        "`wddmcheck docs` and `explain` need the files of `spec` (rules, pages, passages,\n"
        "properties, bugs, gaps, sequences). They are beside the package in a checkout and\n"
        "inside it once it is installed; here they are neither, or one of them is damaged."),
    CodePage(
        "WC312", "nothing is known about that",
        "`wddmcheck explain` knows diagnostic codes (WC101), DDIs and callbacks by their\n"
        "names, rules of the catalogue (CTX-05), built-in properties, guarantees of threading\n"
        "levels (L1), safety properties (SP-4), bug classes (BC-1), open questions of the\n"
        "documentation (G-08), sequences of calls (S7), bug checks (0x10E or 0x10E,0x33) and,\n"
        "with `--model`, the properties of a model.",
        bad="wddmcheck explain DxgkDdiDestroyContxt",
        good="wddmcheck explain DxgkDdiDestroyContext"),
    CodePage(
        "WC313", "the checkout of the documentation cannot be read",
        "`wddmcheck docs --checkout` takes a folder with `wdk-ddi-src` or\n"
        "`windows-driver-docs-pr` in it, or a bare git directory of one of the two public\n"
        "repositories, MicrosoftDocs/windows-driver-docs-ddi and\n"
        "MicrosoftDocs/windows-driver-docs. `--page` takes the UID of a page that a rule rests\n"
        "on, or the path of any page.",
        bad="wddmcheck docs --checkout spec",
        good="wddmcheck docs --checkout tests/docs/checkout --page NC:d3dkmddi.DXGKDDI_PATCH"),
    CodePage(
        "WC314", "options of `docs` that do not go together",
        "`wddmcheck docs` prints one of four tables: the sentences of the covered pages\n"
        "(`docs MODEL`), the rules (`docs --rules FOLDER`), which calls may overlap (`docs\n"
        "--overlap [MODEL] [DDI]`), or what has changed in a checkout (`docs --checkout DIR`,\n"
        "with `--page` the sentences of one page). `--format` is for the last three.",
        bad="wddmcheck docs --page NC:d3dkmddi.DXGKDDI_PATCH",
        good="wddmcheck docs --rules --format json models/yardstick.wddm"),
    CodePage(
        "WC315", "a model does not fit a target",
        "The target has a limit that the model exceeds: an `mtype` of Promela has at most 255\n"
        "names, and all members of enums are in it."),
    CodePage(
        "WC316", "an export has one scope",
        "The files of other model checkers have fixed sizes, so `wddmcheck export` writes one\n"
        "scope. A model with several default scopes needs `--scope NAME`; `--out DIR` writes\n"
        "one file for each.",
        bad="wddmcheck export models/miniport.wddm --to promela",
        good="wddmcheck export models/miniport.wddm --to promela --scope small"),
    CodePage(
        "WC317", "the file of a TLA+ module has another name",
        "TLC finds a module by its name: module `miniport_small` is in `miniport_small.tla`.\n"
        "The name has letters, digits and `_`, and starts with a letter.",
        bad="wddmcheck export models/yardstick.wddm --to tla -o my-model.tla",
        good="wddmcheck export models/yardstick.wddm --to tla"),
    CodePage(
        "WC318", "the model does not use this guarantee",
        "`--without NAME` drops a promise of the operating system: what threading levels keep\n"
        "apart (L0 to L3), or every `requires` of a DDI or thunk that cites a rule (ADP-10).\n"
        "Dropping what the model never relies on would look like a proof, so it is refused.\n"
        "`--without help` lists the guarantees of a model.",
        bad="wddmcheck verify models/yardstick.wddm --without L7",
        good="wddmcheck verify models/yardstick.wddm --without help"),
    CodePage(
        "WC319", "a guarantee that changes nothing",
        "Without the guarantee, exactly the same can happen in the model: what is proved without\n"
        "it says nothing about the driver. Two calls overlap only where one of them is left half\n"
        "way, at a `step` or a `wait until`; where no call that a level concerns has one, the\n"
        "level has nothing to keep apart (L1 in models/miniport.wddm)."),
    CodePage(
        "WC401", "no such engine",
        "`--engine` takes auto, explicit (native; interpret for very small scopes), or the name\n"
        "of an engine. pdr and parametric are planned, and not in this version.",
        bad=f"{YARDSTICK} --engine pdr",
        good=f"{YARDSTICK} --engine interpret --scope {ONE}"),
    CodePage(
        "WC402", "an engine cannot be loaded",
        "A package that the engine needs is missing or broken: z3-solver for bmc and\n"
        "kinduction. Install wddmcheck again with its dependencies, or use `--engine\n"
        "interpret`."),
    CodePage(
        "WC403", "the machine ran out of memory",
        "An explicit search keeps every state that it has seen. `--memory 4G` ends a run in\n"
        "order, with what is known, before the machine has no more; a smaller `--scope` needs\n"
        "less."),
    CodePage(
        "WC404", "nested too deeply",
        "Something in the model is nested more deeply than wddmcheck can follow. The parser\n"
        "bounds nesting, so this is a defect of wddmcheck: please report it."),
    CodePage(
        "WC901", "wddmcheck contradicts itself",
        "A check inside wddmcheck failed: a counterexample did not re-execute on the\n"
        "interpreter, two engines disagreed, or a worker process died. No verdict of the run\n"
        "is shown, and none is to be trusted. Please report it with the file that the message\n"
        "names."),
    CodePage(
        "WC902", "wddmcheck failed",
        "Something happened that wddmcheck does not expect. The traceback is in the file that\n"
        "the message names; please report it."),
)
