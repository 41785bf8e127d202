"""Program in, typed `Model` out: declarations first, then what uses them.

Order: enums and object classes (so that types resolve), fields and globals, relations, locks,
policies, block headers (so that calls and `in_flight` resolve), block bodies, properties, scopes.
"""

from __future__ import annotations

from wddmcheck.diagnostics.diagnostic import Label, Sink
from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.sorts import NONE
from wddmcheck.ir.status import succeeds
from wddmcheck.ir.system import Basis, Citation, Origin
from wddmcheck.lang import ast
from wddmcheck.sema.exprs import Scope, check_cond, check_expr
from wddmcheck.sema.lints import lint
from wddmcheck.sema.merge import merge
from wddmcheck.sema.model import (
    Block,
    Body,
    Claim,
    Contract,
    ExitHook,
    FieldInfo,
    Lock,
    Model,
    ObjectClass,
    Policy,
    PropertyDef,
    Relation,
    SCall,
    ScopeDef,
    SEither,
    SFor,
    SIf,
    SReturn,
    SWhile,
    X,
    XConst,
    type_of,
)
from wddmcheck.sema.stmts import Place, check_body
from wddmcheck.sema.symbols import IRQL, Symbols
from wddmcheck.sema.types import EnumT, ErrorT, IntT, RefT, SetT, Type

DRIVER_KINDS = ("ddi", "routine", "interrupt", "dpc", "worker")
SPONTANEOUS_KINDS = ("gpu", "interrupt", "dpc", "worker")
CALL_POOL = "Call"
MAX_SLOTS = 1 << 31


def check(program: ast.Program, sink: Sink) -> Model:
    """Type a whole program. Errors go to `sink`; the model is usable only if there are none."""
    merged = merge(program, sink)
    model = Model(merged.name.text, merged.family)
    symbols = Symbols(model, sink)

    for decl in merged.decls:

        if not isinstance(decl, ast.Scope):
            symbols.places[decl.name.text] = decl.name.span
    decls = merged.decls
    for d in decls:
        if isinstance(d, ast.EnumDecl):
            _members(d.members, symbols)
            model.enums[d.name.text] = EnumT(d.name.text, tuple(m.text for m in d.members))
    objects = [d for d in decls if isinstance(d, ast.ObjectDecl)]
    for obj in objects:
        model.objects[obj.name.text] = _object_head(obj, symbols)
    _owners(objects, symbols)
    for obj in objects:
        _fields(obj, symbols)
    for d in decls:
        match d:
            case ast.VarDecl():
                _global(d, symbols)
            case ast.RelationDecl():
                _relation(d, symbols)
            case ast.LockDecl():
                model.locks[d.name.text] = Lock(d.name.text, d.kind == "spin", d.span)
            case ast.PolicyDecl():
                _policy(d, symbols)
            case _:
                pass
    blocks = [d for d in decls if isinstance(d, ast.BlockDecl)]
    for block in blocks:
        _block_head(block, symbols)
    for block in blocks:
        model.blocks[block.name.text] = _block(block, symbols)
    _no_recursion(symbols)
    for d in decls:
        if isinstance(d, ast.PropertyDecl):
            model.properties[d.name.text] = _property(d, symbols)
    for d in decls:
        if isinstance(d, ast.Scope):
            _scope(d, symbols)
    if not sink.errors:
        lint(symbols, sink)
    return model


def origin(annotations: tuple[ast.Annotation, ...], span: Span, sink: Sink) -> Origin:
    """The citations in `annotations`, and the place they belong to."""
    citations: list[Citation] = []
    for note in annotations:
        match note.name, note.args:
            case "doc", (uid, *rules):
                citations.append(Citation(Basis.STATED, uid, tuple(rules)))
            case "inferred", (*rules, why) if rules:
                citations.append(Citation(Basis.INFERRED, "", tuple(rules), why))
            case "assumed", (why,):
                citations.append(Citation(Basis.ASSUMED, "", (), why))
            case "bugcheck", (_, *_):
                pass
            case _:
                sink.error(
                    "WC114", f"unknown annotation `@{note.name}` or wrong arguments", note.span,
                    help='write @doc("UID", "RULE"), @inferred("RULE", "why"), @assumed("why") '
                         'or @bugcheck("0x10E", "0x33")')
    return Origin(span, tuple(citations))


def _members(members: tuple[ast.Name, ...], symbols: Symbols) -> None:
    seen: dict[str, ast.Name] = {}
    for member in members:
        if member.text in seen:
            symbols.sink.error("WC105", f"`{member.text}` is listed twice", member.span,
                               help="drop one of them",
                               labels=(Label(seen[member.text].span, "first listed"),))
        seen[member.text] = member


def _object_head(obj: ast.ObjectDecl, symbols: Symbols) -> ObjectClass:
    states: list[str] = []
    transitions: set[tuple[str, str]] = set()
    for path in obj.life:
        for name in path.states:
            if name.text in ("none", "live", "absent", "dangling"):
                symbols.sink.error("WC105", f"`{name.text}` has a meaning of its own and cannot "
                                   "name a life state", name.span, help="choose another name")
            if name.text not in states:
                states.append(name.text)
        for a, b, both in zip(path.states, path.states[1:], path.both_ways, strict=False):
            transitions.add((a.text, b.text))
            if both:
                transitions.add((b.text, a.text))
    owner_field = ""
    if obj.owner is not None:
        text = obj.owner.text
        owner_field = obj.owner_field.text if obj.owner_field else text[0].lower() + text[1:]
    return ObjectClass(obj.name.text, obj.single, obj.owner.text if obj.owner else None,
                       owner_field, tuple(states or ["live"]), frozenset(transitions), {},
                       origin(obj.annotations, obj.name.span, symbols.sink), obj.doc)


def _owners(objects: list[ast.ObjectDecl], symbols: Symbols) -> None:
    """Owners exist and form no cycle; the owner becomes a field."""
    classes = symbols.model.objects
    for obj in objects:
        if obj.owner is None:
            continue
        if obj.owner.text not in classes:
            symbols.unknown("WC104", "object class", obj.owner, classes)
            classes[obj.name.text] = ObjectClass(
                obj.name.text, obj.single, None, "", *_rest(classes[obj.name.text]))
            continue
        chain, current = [obj.name.text], obj.owner.text
        while current and current not in chain:
            chain.append(current)
            current = classes[current].owner or "" if current in classes else ""
        if current == obj.name.text:
            symbols.sink.error("WC115", "ownership goes round in a circle: "
                               + " within ".join([*chain, current]), obj.owner.span,
                               help="one of them must stand alone")
            classes[obj.name.text] = ObjectClass(
                obj.name.text, obj.single, None, "", *_rest(classes[obj.name.text]))
            continue
        cls = classes[obj.name.text]
        cls.fields[cls.owner_field] = FieldInfo(cls.owner_field, RefT(obj.owner.text), None,
                                                os=False, owner=True, span=obj.owner.span)


def _rest(cls: ObjectClass) -> tuple[tuple[str, ...], frozenset[tuple[str, str]],
                                     dict[str, FieldInfo], Origin, str]:
    return cls.states, cls.transitions, cls.fields, cls.origin, cls.doc


def _fields(obj: ast.ObjectDecl, symbols: Symbols) -> None:
    cls = symbols.model.objects[obj.name.text]
    for f in obj.fields:
        if f.name.text in cls.fields or f.name.text == "life":
            symbols.sink.error("WC105", f"`{f.name.text}` is declared twice in {cls.name}",
                               f.name.span, help="give one of them another name")
            continue
        type_ = symbols.resolve_type(f.type, f"{cls.name}.{f.name.text}")
        if isinstance(f.type, ast.EnumType):
            _members(f.type.members, symbols)
        cls.fields[f.name.text] = FieldInfo(
            f.name.text, type_, _init(f.init, type_, symbols), f.os, doc=f.doc, span=f.name.span)


def _init(init: ast.Expr | None, type_: Type, symbols: Symbols) -> int | None:
    """The encoded initial value; None where a reference must be given by `create`."""
    if init is not None:
        x = check_expr(init, Scope(symbols, driver=False), type_)
        if isinstance(x, XConst):
            if isinstance(type_, IntT) and not type_.lo <= x.value <= type_.hi:
                symbols.sink.error("WC150", f"{x.value} is outside {type_.lo}..{type_.hi}",
                                   init.span, help="widen the range or change the value")
            return x.value
        if not isinstance(type_of(x), ErrorT):
            symbols.sink.error("WC150", "an initial value is a constant", init.span,
                               help="give other values in `create`")
    match type_:
        case IntT(lo, hi):
            return 0 if lo <= 0 <= hi else lo
        case RefT(optional=False):
            return None
        case RefT():
            return NONE
        case _:
            return 0


def _global(decl: ast.VarDecl, symbols: Symbols) -> None:
    type_ = symbols.resolve_type(decl.type, decl.name.text)
    if isinstance(type_, SetT) or (isinstance(type_, RefT) and not type_.optional):
        symbols.sink.error(
            "WC151", "a global variable cannot hold this type", decl.type.span,
            help=f"write `{type_.pool}?`, or put the set into an object")
        type_ = RefT(type_.pool, optional=True)
    symbols.model.globals[decl.name.text] = FieldInfo(
        decl.name.text, type_, _init(decl.init, type_, symbols), decl.os, doc=decl.doc,
        span=decl.name.span)


def _relation(decl: ast.RelationDecl, symbols: Symbols) -> None:
    for side in (decl.left, decl.right):
        if side.text not in symbols.model.objects:
            symbols.unknown("WC104", "object class", side, symbols.model.objects)
            return
    symbols.model.relations[decl.name.text] = Relation(
        decl.name.text, decl.left.text, decl.right.text, decl.os,
        origin(decl.annotations, decl.name.span, symbols.sink))


def _policy(decl: ast.PolicyDecl, symbols: Symbols) -> None:
    _members(decl.choices, symbols)
    choices = tuple(c.text for c in decl.choices)
    default = decl.default or decl.choices[0]
    if default.text not in choices:
        symbols.unknown("WC111", f"choice of policy {decl.name.text}", default, choices)
    symbols.model.policies[decl.name.text] = Policy(
        decl.name.text, choices, default.text,
        origin(decl.annotations, decl.name.span, symbols.sink), decl.doc)


# --- blocks --------------------------------------------------------------------------------------


def _block_head(block: ast.BlockDecl, symbols: Symbols) -> None:
    symbols.blocks[block.name.text] = block
    params: list[tuple[str, Type]] = []
    for param in block.params:
        type_ = symbols.resolve_type(param.type, f"{block.name.text}.{param.name.text}")
        if isinstance(type_, SetT) or (isinstance(type_, RefT) and type_.raw):
            symbols.sink.error("WC150", "a parameter is a value or an object", param.type.span,
                               help="pass the object that holds it")
            type_ = RefT(type_.pool)
        params.append((param.name.text, type_))
    symbols.block_params[block.name.text] = tuple(params)
    result = (symbols.resolve_type(block.result, f"{block.name.text}.result")
              if block.result is not None else None)
    symbols.block_result[block.name.text] = result


def _block(block: ast.BlockDecl, symbols: Symbols) -> Block:
    sink = symbols.sink
    driver = block.kind in DRIVER_KINDS
    contract = Scope(symbols, driver=False)
    body_scope = Scope(symbols, driver=driver)
    for param, (_, type_) in zip(block.params, symbols.block_params[block.name.text], strict=True):
        contract.declare(param.name, type_)
        body_scope.locals[param.name.text] = type_
        body_scope.places[param.name.text] = param.name.span
    requires = tuple(
        Contract(check_cond(r.cond, contract), origin(r.annotations, r.span, sink))
        for r in block.requires)
    process: X | None = None
    if block.level is not None and block.level.process is not None:
        process = check_expr(block.level.process, contract)
        if not isinstance(type_of(process), (RefT, ErrorT)):
            sink.error("WC152", "`of` names the process object that the call belongs to",
                       block.level.process.span, help="level 0 of hDevice.process")
    entry: Body = ()
    exits: list[ExitHook] = []
    for hook in block.hooks:
        scope = contract.inner()
        if hook.at == "exit":
            result = symbols.block_result[block.name.text]
            if result is not None and hook.status is not None and succeeds(hook.status.text):
                scope.locals["result"] = result
            if hook.status is not None:
                symbols.is_status(hook.status)
            exits.append(ExitHook(hook.status.text if hook.status else "",
                                  check_body(hook.body, scope, Place(block, hook=True))))
        else:
            entry += check_body(hook.body, scope, Place(block, hook=True))
    for status in block.returns:
        symbols.is_status(status)
    when = check_cond(block.when, contract) if block.when is not None else None
    body = check_body(block.body, body_scope, Place(block))
    _ends(block, body, symbols)
    _clauses(block, symbols)
    irql, at_most = _irql(block, symbols)
    return Block(
        block.kind, block.name.text, symbols.block_params[block.name.text],
        symbols.block_result[block.name.text], irql, at_most,
        block.level.level if block.level else None,
        block.level.klass.text if block.level and block.level.klass else "", process,
        tuple(s.text for s in block.returns), requires, entry, tuple(exits), when, body,
        origin(block.annotations, block.name.span, sink), block.doc)


def _clauses(block: ast.BlockDecl, symbols: Symbols) -> None:
    """Report clauses that a block of this kind cannot have."""
    contract: list[Span] = [r.span for r in block.requires] + [h.span for h in block.hooks]
    wrong: list[tuple[Span, str]] = []
    if block.kind in SPONTANEOUS_KINDS:
        wrong = [(span, "nobody calls it: say when it happens with `when`")
                 for span in contract]
        wrong += [(s.span, "it returns no status") for s in block.returns]
        if block.level is not None:
            wrong.append((block.level.span, "threading levels are for DDIs"))
    elif block.kind == "routine":
        wrong = [(span, "a routine is part of the driver: use `assert`") for span in contract]
        wrong += [(s.span, "it returns no status") for s in block.returns]
    if block.when is not None and block.kind not in SPONTANEOUS_KINDS:
        wrong.append((block.when.span, "its caller decides when: use `requires`"))
    for span, advice in wrong:
        symbols.sink.error("WC162", f"a {block.kind} block cannot have this clause", span,
                           help=advice)


def _irql(block: ast.BlockDecl, symbols: Symbols) -> tuple[int | None, bool]:
    if block.irql is None:
        return None, False
    level = IRQL.get(block.irql.level.text)
    if level is None:
        symbols.unknown("WC116", "IRQL", block.irql.level, IRQL)
    if block.level is not None and not 0 <= block.level.level <= 3:
        symbols.sink.error("WC116", "threading levels are 0 to 3", block.level.span,
                           help="level 0")
    return level, block.irql.at_most


def _ends(block: ast.BlockDecl, body: Body, symbols: Symbols) -> None:
    result = symbols.block_result[block.name.text]
    if (block.kind == "ddi" or result is not None) and not _always_returns(body):
        symbols.sink.error(
            "WC161", f"control can reach the end of `{block.name.text}` without `return`",
            block.name.span,
            help="return STATUS_SUCCESS" if block.kind != "routine" else "return a value")


def _always_returns(body: Body) -> bool:
    for s in body:
        match s:
            case SReturn():
                return True
            case SIf(_, then, orelse):
                if _always_returns(then) and _always_returns(orelse):
                    return True
            case SEither(branches):
                if all(_always_returns(b) for b in branches):
                    return True
            case SWhile(cond=XConst(1)):
                return True
            case _:
                pass
    return False


def _no_recursion(symbols: Symbols) -> None:
    """Calls are expanded in place, so they may not go round in a circle."""
    blocks = symbols.model.blocks
    calls = {name: _callees(block.body) for name, block in blocks.items()}
    for name in blocks:
        path, frontier = {name}, list(calls[name])
        while frontier:
            callee = frontier.pop()
            if callee == name:
                symbols.sink.error("WC159", f"`{name}` calls itself", symbols.places[name],
                                   help="write a loop with `while` and `step`")
                break
            if callee not in path:
                path.add(callee)
                frontier += calls.get(callee, ())


def _callees(body: Body) -> list[str]:
    found: list[str] = []
    for s in body:
        match s:
            case SCall(block=block, orelse=orelse):
                found += [block, *_callees(orelse or ())]
            case SIf(_, then, orelse_):
                found += _callees(then) + _callees(orelse_)
            case SFor(body=inner) | SWhile(body=inner):
                found += _callees(inner)
            case SEither(branches):
                for branch in branches:
                    found += _callees(branch)
            case _:
                pass
    return found


# --- properties and scopes -----------------------------------------------------------------------


def _property(decl: ast.PropertyDecl, symbols: Symbols) -> PropertyDef:
    claim = decl.claim
    scope = Scope(symbols, driver=False)
    typed = Claim(claim.kind)
    match claim.kind:
        case "before" | "after":
            assert claim.block is not None
            name = claim.block.text
            if name not in symbols.blocks or symbols.blocks[name].kind not in ("ddi", "thunk"):
                symbols.unknown("WC106", "ddi", claim.block,
                                [n for n, b in symbols.blocks.items()
                                 if b.kind in ("ddi", "thunk")])
            else:
                params = symbols.block_params[name]
                if len(claim.args) > len(params):
                    symbols.sink.error("WC110", f"`{name}` has {len(params)} parameters",
                                       claim.span, help="name at most these")
                for arg, (_, type_) in zip(claim.args, params, strict=False):
                    scope.declare(arg, type_)
                if claim.status is not None:
                    symbols.is_status(claim.status)
                result = symbols.block_result[name]
                if claim.kind == "after" and result is not None and (
                        claim.status is not None and succeeds(claim.status.text)):
                    scope.locals["result"] = result
                assert claim.formula is not None
                typed = Claim(claim.kind, check_cond(claim.formula, scope), block=name,
                              args=tuple(a.text for a in claim.args),
                              status=claim.status.text if claim.status else "")
        case "builtin":
            pass
        case _:
            assert claim.formula is not None
            for fair in claim.fair:
                if fair.text not in symbols.blocks:
                    symbols.unknown("WC106", "block", fair, symbols.blocks)
            typed = Claim(
                claim.kind, check_cond(claim.formula, scope),
                check_cond(claim.target, scope) if claim.target is not None else None,
                tuple(f.text for f in claim.fair))
    bugchecks = tuple("/".join(n.args) for n in decl.annotations if n.name == "bugcheck")
    title = " ".join(decl.doc.split())
    return PropertyDef(decl.name.text, typed, title, bugchecks,
                       origin(decl.annotations, decl.span, symbols.sink))


def _scope(decl: ast.Scope, symbols: Symbols) -> None:
    sizes: dict[str, int] = {}
    for name, size in decl.sizes:
        pool = CALL_POOL if name.text == "calls" else name.text
        if pool != CALL_POOL and pool not in symbols.model.objects:
            symbols.unknown("WC112", "object class", name,
                            [*symbols.model.objects, "calls"])
            continue
        if pool in sizes:
            symbols.sink.error("WC105", f"`{name.text}` has two sizes in this scope", name.span,
                               help="keep one of them")
        if pool != CALL_POOL and symbols.model.objects[pool].single and size != 1:
            symbols.sink.error("WC112", f"there is one {pool}, always", name.span,
                               help="leave it out of the scope")
            continue
        if size > MAX_SLOTS:
            symbols.sink.error("WC112", f"{size} is too large a size", name.span,
                               help="scopes are small: 1 to 4 of each, to begin with")
            size = 1
        sizes[pool] = size
    symbols.model.scopes[decl.name.text] = ScopeDef(decl.name.text, tuple(sizes.items()),
                                                    decl.default)


__all__ = ["CALL_POOL", "check"]
