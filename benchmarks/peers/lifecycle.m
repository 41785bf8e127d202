-- lifecycle(P,D,C,A): the yardstick model, Murphi (Rumur / CMurphi dialect).
-- tools.py writes the next five constants, and where symmetry is off, plain ranges for scalarsets.
-- BUG: 0 none, 1 = B1, 2 = B2.
const
  P: 2;
  D: 2;
  C: 3;
  A: 4;
  BUG: 0;

type
  Proc: scalarset(P);
  Dev: scalarset(D);
  Ctx: scalarset(C);
  Alloc: scalarset(A);
  Adapter: enum { Removed, Added, Started };

var
  adapter: Adapter;
  proc: array [Proc] of boolean;
  dev: array [Dev] of Proc;     -- owning process, undefined = None
  ctx: array [Ctx] of Dev;      -- owning device
  busy: array [Ctx] of Alloc;   -- allocation being read
  alloc: array [Alloc] of Ctx;  -- owning context

startstate
begin
  adapter := Removed;
  for p: Proc do proc[p] := false; end;
  for d: Dev do undefine dev[d]; end;
  for c: Ctx do undefine ctx[c]; undefine busy[c]; end;
  for a: Alloc do undefine alloc[a]; end;
end;

rule "AddDevice" adapter = Removed ==> adapter := Added; end;
rule "StartDevice" adapter = Added ==> adapter := Started; end;
rule "StopDevice" adapter = Started & forall p: Proc do !proc[p] end ==> adapter := Added; end;
rule "RemoveDevice" adapter = Added ==> adapter := Removed; end;

ruleset p: Proc do
  rule "CreateProcess" adapter = Started & !proc[p] ==> proc[p] := true; end;
  rule "DestroyProcess"
    proc[p] & forall d: Dev do isundefined(dev[d]) | dev[d] != p end
  ==> proc[p] := false; end;
end;

ruleset d: Dev; p: Proc do
  rule "CreateDevice" isundefined(dev[d]) & proc[p] ==> dev[d] := p; end;
end;
ruleset d: Dev do
  rule "DestroyDevice"
    !isundefined(dev[d]) & forall c: Ctx do isundefined(ctx[c]) | ctx[c] != d end
  ==> undefine dev[d]; end;
end;

ruleset c: Ctx; d: Dev do
  rule "CreateContext" isundefined(ctx[c]) & !isundefined(dev[d]) ==> ctx[c] := d; end;
end;
ruleset c: Ctx do
  rule "DestroyContext"
    !isundefined(ctx[c]) & isundefined(busy[c])
    & (BUG = 1 | forall a: Alloc do isundefined(alloc[a]) | alloc[a] != c end)
  ==> undefine ctx[c]; end;
  rule "Complete" !isundefined(busy[c]) ==> undefine busy[c]; end;
end;

ruleset a: Alloc; c: Ctx do
  rule "CreateContextAllocation" isundefined(alloc[a]) & !isundefined(ctx[c]) ==> alloc[a] := c; end;
  rule "Submit"
    !isundefined(ctx[c]) & isundefined(busy[c]) & !isundefined(alloc[a])
    & !isundefined(ctx[alloc[a]]) & ctx[alloc[a]] = ctx[c]
  ==> busy[c] := a; end;
end;
ruleset a: Alloc do
  rule "DestroyContextAllocation"
    !isundefined(alloc[a])
    & (BUG = 2 | forall c: Ctx do isundefined(busy[c]) | busy[c] != a end)
  ==> undefine alloc[a]; end;
end;

invariant "I1" forall d: Dev do isundefined(dev[d]) | proc[dev[d]] end;
invariant "I2" forall c: Ctx do isundefined(ctx[c]) | !isundefined(dev[ctx[c]]) end;
invariant "I3" forall a: Alloc do isundefined(alloc[a]) | !isundefined(ctx[alloc[a]]) end;
invariant "I4" forall c: Ctx do isundefined(busy[c]) |
  (!isundefined(ctx[c]) & !isundefined(alloc[busy[c]])
   & !isundefined(ctx[alloc[busy[c]]]) & ctx[alloc[busy[c]]] = ctx[c]) end;
invariant "I5" (exists p: Proc do proc[p] end) -> adapter = Started;
