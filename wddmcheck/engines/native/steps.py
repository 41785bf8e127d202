"""Where the instances of actions lead, as LLVM code.

Most change values that are known to others that are known: tables say what they keep of a state,
and what they put into it. For the others there are functions `step0(s, c, to, instance)`,
`step1`, ... which look for what they break, and write the successor to `to`, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wddmcheck.engines.native.asm import Body, Value, signed
from wddmcheck.engines.native.enabled import FUNCTION, Instance
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.records import Records
from wddmcheck.engines.native.room import Room
from wddmcheck.engines.native.terms import Terms
from wddmcheck.ir.quiet import Quiet
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action


@dataclass
class Steps:
    """What instances do. `width` is how many words have a bit for each of them."""

    plan: Plan
    records: Records
    instances: list[Instance]
    width: int

    def __post_init__(self) -> None:
        self.actions = self.plan.layout.system.actions

    # --- tables ------------------------------------------------------------------------------

    def tables(self) -> list[str]:
        """Constants:
        keep, put        of each instance and word
        action           of each instance
        fires            bits of those that are taken whenever they are enabled
        sleeps           bits of those that need not be looked at where they sleep
        special, odd     bits of those that have a function, always or where the state is odd"""
        words, count = self.plan.words, 64 * self.width
        keep, put, action = [-1] * (count * words), [0] * (count * words), [0] * count
        for i in self.instances:
            action[i.number] = i.action
            if i.flat is not None:
                keep[i.number * words:(i.number + 1) * words] = i.flat.keep
                put[i.number * words:(i.number + 1) * words] = i.flat.put
        return [_table("keep", keep), _table("put", put), _table("action", action),
                self._bits("fires", lambda i: not self._stops(i)),
                self._bits("sleeps", lambda i: i.flat is not None
                           or not self.actions[i.action].obligations),
                self._bits("special", lambda i: i.flat is None),
                self._bits("odd", lambda i: i.flat is not None and bool(i.flat.unless))]

    def _stops(self, instance: Instance) -> bool:
        return instance.flat is None and any(
            o.stops for o in self.actions[instance.action].obligations)

    def _bits(self, name: str, which: Callable[[Instance], bool]) -> str:
        return _table(name, bit_words((i.number for i in self.instances if which(i)), self.width))

    # --- functions ---------------------------------------------------------------------------

    def functions(self) -> list[str]:
        """The functions, and `step(s, c, to, instance)`, which calls them: whether there is a
        successor."""
        parts: list[_Switch] = []
        numbers: list[list[int]] = []
        for instance in self.instances:
            if instance.flat is not None and not instance.flat.unless:
                continue
            if not parts or len(parts[-1].body.lines) > FUNCTION:
                parts.append(_Switch(f"step{len(parts)}"))
                numbers.append([])
            body = parts[-1].body
            with parts[-1].case(instance.number):
                terms = Terms(self.plan, body, [body.get("%s", i) for i in range(self.plan.words)])
                self._instance(body, terms, instance)
            numbers[-1].append(instance.number)
        whole = _Switch("step")
        for part, own in zip(parts, numbers, strict=True):
            with whole.case(*own):
                whole.body.ret(whole.body.fresh(
                    f"call i64 @{part.name}(ptr %s, ptr %c, ptr %to, i64 %n)"))
        return [*(part.text() for part in parts), whole.text()]

    def _instance(self, body: Body, terms: Terms, instance: Instance) -> None:
        """The obligations of one, in order, and its successor."""
        action, env = self.actions[instance.action], instance.env
        record = self.records.of_action(instance.action)
        stopped: Value = 0
        for i, obligation in enumerate(action.obligations):
            broken = body.both(body.not_(stopped), terms.test(obligation.broken, env))
            if broken == 0:
                continue
            with body.when(broken, likely=False):
                body.line(f"call void @hit(ptr %c, i64 {record + i})")
            if obligation.stops:
                stopped = body.either(stopped, broken)
        if stopped != 0:
            with body.when(stopped, likely=False):
                body.bump(body.at("%c", Ctx.STOPPED))
                body.bump(body.at("%c", Ctx.TRANSITIONS), -1)
                body.ret(0)
                body.open(body.label())
        if self._stops(instance):
            body.line(f"call void @hit(ptr %c, i64 {instance.action})")
        if action.obligations:
            at, bit = divmod(instance.number, 64)
            asleep = body.and_(body.get(body.pointer("%c", Ctx.ASLEEP), at), signed(1 << bit))
            with body.when(body.compare("ne", asleep, 0)):
                body.ret(0)
                body.open(body.label())
        for i, word in enumerate(terms.updated(action, env)):
            body.put(word, "%to", i)
        body.ret(1)

    def fired(self) -> str:
        """`fired(c, word, bits)`: make records of actions that are taken."""
        body = Body("fired", "ptr noalias %c, i64 %word, i64 %bits")
        with body.each_bit("%bits") as bit:
            number = body.load(body.at("@action", body.add(body.shl("%word", 6), bit)))
            body.line(f"call void @hit(ptr %c, i64 {number})")
        body.ret()
        return body.text()

    # --- symmetry ----------------------------------------------------------------------------

    def renamed(self, room: Room, knows: bool) -> str:
        """`renamed(names, n)`: the number that instance `n` has where slots are called as `names`
        says; if it `knows`, else just `n`."""
        body = Body("renamed", "ptr noalias %names, i64 %n", "i64")
        if not knows:
            body.ret("%n")
            return body.text()
        moves = [list(self._moves(instance, room)) for instance in self.instances]
        width, count = max(map(len, moves), default=0), 64 * self.width
        base, slot, by = list(range(count)), [0] * (count * width), [0] * (count * width)
        for instance, own in zip(self.instances, moves, strict=True):
            for k, (at, here, step) in enumerate(own):
                base[instance.number] -= here * step
                slot[instance.number * width + k], by[instance.number * width + k] = at, step
        number: Value = body.get("@base", "%n")
        first = body.mul("%n", width)
        for k in range(width):
            name = body.get("%names", body.get("@slot", body.add(first, k)))
            number = body.add(number, body.mul(name, body.get("@by", body.add(first, k))))
        body.ret(number)
        tables = [_table("base", base), _table("slot", slot), _table("by", by)]
        return "\n".join([*tables, body.text()])

    def _moves(self, instance: Instance, room: Room) -> Iterator[tuple[int, int, int]]:
        """For each slot among its arguments: where its name is, its number, and by how much the
        number of the instance grows with that."""
        step = 1
        for param, value in reversed(list(zip(self.actions[instance.action].params, instance.args,
                                              strict=True))):
            sort = param.sort
            if isinstance(sort, RefSort) and sort.pool in self.plan.pools and value >= 0:
                yield room.slot(sort.pool, value), value, step
            step *= len(self.plan.layout.values(sort))

    def twins(self) -> str:
        """`exchanged(c, row)`: let those of `row` sleep, and those that differ from another only by
        an exchange of twins: a slot among their arguments could be exchanged for the one before
        it."""
        body = Body("exchanged", "ptr noalias %c, ptr noalias %row")
        rows: dict[tuple[int, int], list[int]] = {}
        for instance in self.instances:
            used: dict[str, set[int]] = {}
            for param, value in zip(self.actions[instance.action].params, instance.args,
                                    strict=True):
                if isinstance(param.sort, RefSort) and value >= 0:
                    used.setdefault(param.sort.pool, set()).add(value)
            for at, pool in enumerate(self.plan.pools):
                for slot in used.get(pool, ()):
                    if slot and slot - 1 not in used[pool]:
                        rows.setdefault((at, slot), []).append(instance.number)
        asleep: list[Value] = [0] * self.width
        for (pool_at, slot), numbers in rows.items():
            twin = body.and_(body.lshr(body.get("%c", Ctx.TWINS + pool_at), slot), 1)
            for k, word in enumerate(bit_words(numbers, self.width)):
                asleep[k] = body.or_(asleep[k], body.and_(body.sub(0, twin), word))
        to = body.pointer("%c", Ctx.ASLEEP)
        for k, bits in enumerate(asleep):
            body.put(body.or_(bits, body.get("%row", k)), to, k)
        body.ret()
        return body.text()


@dataclass
class _Switch:
    """A function that goes by the number of an instance, `%n`; 0, if it does not know it."""

    name: str
    cases: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.body = Body(self.name, "ptr noalias %s, ptr noalias %c, ptr noalias %to, i64 %n",
                         "i64")

    @contextmanager
    def case(self, *numbers: int) -> Iterator[None]:
        """Do this with instances of these numbers, and return."""
        label = self.body.label()
        self.cases += [f"i64 {number}, label %{label}" for number in numbers]
        self.body.open(label)
        with self.body.scope():
            yield

    def text(self) -> str:
        """The whole function."""
        other = self.body.label()
        self.body.lines.insert(0, f" switch i64 %n, label %{other} [{' '.join(self.cases)}]")
        self.body.open(other)
        self.body.ret(0)
        return self.body.text()


def _table(name: str, values: list[int]) -> str:
    row = ", ".join(f"i64 {v}" for v in values)
    return f"@{name} = internal constant [{len(values)} x i64] [{row}]"


def bit_words(numbers: Iterable[int], width: int) -> list[int]:
    """`width` words with these bits."""
    bits = sum(1 << n for n in set(numbers))
    return [signed(bits >> 64 * k) for k in range(width)]


def first(plan: Plan, quiet: tuple[Quiet, ...]) -> str:
    """`quiet(s, c)`: take a quiet action, if a call can do nothing else (`ir.quiet`); 1 if there
    is one."""
    body = Body("quiet", "ptr noalias %s, ptr noalias %c", "i64")
    terms = Terms(plan, body, [body.get("%s", i) for i in range(plan.words)])
    for leaves in dict.fromkeys(q.leaves for q in quiet):
        here = [q for q in quiet if q.leaves == leaves]
        for slot in range(plan.layout.sizes[here[0].pool]):
            able = [terms.test(_action(plan, q).guard, {q.call: slot}) for q in here]
            many: Value = 0
            for one in able:
                many = body.add(many, body.number(one))
            for q, one in zip(here, able, strict=True):
                _take_first(body, terms, q, {q.call: slot}, body.both(one, body.eq(many, 1)))
    body.ret(0)
    return body.text()


def _action(plan: Plan, quiet: Quiet) -> Action:
    return plan.layout.system.actions[quiet.action]


def _take_first(body: Body, terms: Terms, quiet: Quiet, env: dict[str, int], able: Value) -> None:
    """Leave nothing but the successor by a quiet action, unless it breaks an obligation."""
    action = _action(terms.plan, quiet)
    for obligation in action.obligations:
        able = body.both(able, body.not_(terms.test(obligation.broken, env)))
    with body.when(able):
        scratch = body.pointer("%c", Ctx.SCRATCH)
        for i, word in enumerate(terms.updated(action, env)):
            body.put(word, scratch, i)
        body.bump(body.at("%c", Ctx.TRANSITIONS))
        body.line(f"call void @hit(ptr %c, i64 {quiet.action})")
        body.ret(1)
        body.open(body.label())
