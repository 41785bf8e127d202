-- Model queue, exported by wddmcheck 0.1.0. The meaning is that of spec/export.md.
-- Scope: Job=2 Call=1
-- Properties: few_tries, all_done, can_rest, no_use_after_destroy, no_double_destroy,
--   legal_life_transitions, integers_in_range, no_stuck_call, no_deadlock
--
-- Run: rumur --threads 1 --symmetry-reduction exhaustive --deadlock-detection stuck \
--            -o model.c FILE &&
--      gcc -O3 -mcx16 -o model model.c -lpthread && ./model
-- The verifier names the property that is violated, and its run is shortest; `rumur --max-errors
-- N`
-- goes on after it. A state that violates an invariant has no successors. `liveness` is looked at
-- last, and not at all once N errors were found. no_deadlock is shown as `deadlock`.
--
-- Left out:
--   gets_done (leads to): Murphi has no claims about all runs
--
-- Names here and in the model:
--   Node_life           Node.life
--   Node_current        Node.current
--   Node_waiting        Node.waiting
--   Node_waiting_stale  Node.waiting.stale
--   Job_life            Job.life
--   Job_tries           Job.tries
--   Job_next            Job.next
--   Call_at             Call.at
--   Call_Drop_job       Call.Drop.job
--   Node_life_absent    absent
--   Job_life_absent     absent
--   Drop_at_1           Drop@1

const
  none: -1;      -- a reference to nothing
  dangling: -2;  -- a reference to what was destroyed
type
  Job: scalarset(2);
  Call: scalarset(1);
  Node_life_enum: enum { Node_life_absent, live };
  Job_life_enum: enum { Job_life_absent, New, Queued, Done };
  Mode_enum: enum { Quiet, Loud };
  Call_at_enum: enum { idle, Drop_at_1 };
var
  Node_life: Node_life_enum;
  Node_current: Job;
  Node_current_dangling: boolean;
  Node_waiting: array [Job] of boolean;
  Node_waiting_stale: boolean;
  Job_life: array [Job] of Job_life_enum;
  Job_tries: array [Job] of 0..2;
  Job_next: array [Job] of Job;
  Job_next_dangling: array [Job] of boolean;
  mode: Mode_enum;
  Call_at: array [Call] of Call_at_enum;
  Call_Drop_job: array [Call] of Job;
  Call_Drop_job_dangling: array [Call] of boolean;

function count_1(): 0..2;
var found: 0..2;
begin
  found := 0;
  for job_3: Job do
    if Job_life[job_3] = Done then
      found := found + 1;
    end;
  end;
  return found;
end;

-- whether a step is possible that breaks an obligation
function faulty(): boolean;
begin
  -- Drop/1
  if exists job: Job do exists call: Call do Job_life[job] != Job_life_absent & !(exists call_4:
    Call do Call_at[call_4] = Drop_at_1 & (!isundefined(Call_Drop_job[call_4]) &
    Call_Drop_job[call_4] = job) end) & Call_at[call] = idle &
    Node_life = Node_life_absent end end then return true; end;
  -- Drop/2
  if exists call: Call do Call_at[call] = Drop_at_1 & Call_Drop_job_dangling[call] end then return
    true; end;
  -- Run/1
  if exists job: Job do Job_life[job] != Job_life_absent & Node_life != Node_life_absent &
    Node_waiting[job] & !((Job_tries[job] + 1) <= 2 & Job_life[job] = Queued) end then return true;
    end;
  -- Retire/1
  if 0 < count_1() & !(Node_life != Node_life_absent & !Node_waiting_stale) then return true; end;
  return false;
end;

startstate
begin
  Node_life := Node_life_absent;
  undefine Node_current;
  Node_current_dangling := false;
  for i_0: Job do
    Node_waiting[i_0] := false;
  end;
  Node_waiting_stale := false;
  for i_0: Job do
    Job_life[i_0] := Job_life_absent;
  end;
  for i_0: Job do
    Job_tries[i_0] := 0;
  end;
  for i_0: Job do
    undefine Job_next[i_0];
    Job_next_dangling[i_0] := false;
  end;
  mode := Quiet;
  for i_0: Call do
    Call_at[i_0] := idle;
  end;
  for i_0: Call do
    undefine Call_Drop_job[i_0];
    Call_Drop_job_dangling[i_0] := false;
  end;
end;

rule "Start/1"
  Node_life = Node_life_absent
  & (exists call_2: Call do Call_at[call_2] = idle end)
==>
begin
  Node_life := live;
end;

rule "Make/1 without after"
  (exists call_2: Call do Call_at[call_2] = idle end)
==>
begin
end;

ruleset after: Job do
  rule "Make/1"
    Job_life[after] != Job_life_absent
    & (exists call_2: Call do Call_at[call_2] = idle end)
  ==>
  begin
  end;
end;

ruleset job: Job do
  rule "Make/2 without after"
    Job_life[job] = Job_life_absent
    & (exists call_3: Call do Call_at[call_3] = idle end)
  ==>
  begin
    Job_life[job] := New;
    undefine Job_next[job];
    Job_next_dangling[job] := false;
  end;
end;

ruleset after: Job; job: Job do
  rule "Make/2"
    Job_life[after] != Job_life_absent
    & Job_life[job] = Job_life_absent
    & (exists call_3: Call do Call_at[call_3] = idle end)
  ==>
  begin
    Job_life[job] := New;
    Job_next[job] := after;
    Job_next_dangling[job] := false;
  end;
end;

ruleset job: Job; loud: Mode_enum do
  rule "Submit/1"
    Node_life != Node_life_absent
    & Job_life[job] = New
    & (exists call_2: Call do Call_at[call_2] = idle end)
  ==>
  begin
    Job_life[job] := Queued;
    Node_waiting[job] := true;
    mode := loud;
  end;
end;

ruleset job: Job; call: Call do
  rule "Drop/1"
    Job_life[job] != Job_life_absent
    & !(exists call_4: Call do Call_at[call_4] = Drop_at_1 & (!isundefined(Call_Drop_job[call_4]) &
      Call_Drop_job[call_4] = job) end)
    & Call_at[call] = idle
  ==>
  begin
    if Node_life = Node_life_absent then
      error "no_use_after_destroy";
    else
      Node_waiting[job] := false;
      Call_at[call] := Drop_at_1;
      Call_Drop_job[call] := job;
      Call_Drop_job_dangling[call] := false;
    end;
  end;
end;

ruleset call: Call do
  rule "Drop/2"
    Call_at[call] = Drop_at_1
  ==>
  var
    new_Call_Drop_job: array [Call] of Job;
    new_Call_Drop_job_dangling: array [Call] of boolean;
  begin
    if Call_Drop_job_dangling[call] then
      error "no_double_destroy";
    else
      new_Call_Drop_job := Call_Drop_job;
      new_Call_Drop_job_dangling := Call_Drop_job_dangling;
      for y_3: Call do
        if ((isundefined(Call_Drop_job[y_3]) & isundefined(Call_Drop_job[call]) &
          Call_Drop_job_dangling[y_3] = Call_Drop_job_dangling[call]) |
          (!isundefined(Call_Drop_job[y_3]) & !isundefined(Call_Drop_job[call]) &
          Call_Drop_job[y_3] = Call_Drop_job[call])) then
          undefine new_Call_Drop_job[y_3];
          new_Call_Drop_job_dangling[y_3] := true;
        end;
      end;
      undefine new_Call_Drop_job[call];
      new_Call_Drop_job_dangling[call] := false;
      if ((isundefined(Node_current) & isundefined(Call_Drop_job[call]) &
        Node_current_dangling = Call_Drop_job_dangling[call]) | (!isundefined(Node_current) &
        !isundefined(Call_Drop_job[call]) & Node_current = Call_Drop_job[call])) then
        undefine Node_current;
        Node_current_dangling := true;
      end;
      for y_2: Job do
        if ((isundefined(Job_next[y_2]) & isundefined(Call_Drop_job[call]) &
          Job_next_dangling[y_2] = Call_Drop_job_dangling[call]) | (!isundefined(Job_next[y_2]) &
          !isundefined(Call_Drop_job[call]) & Job_next[y_2] = Call_Drop_job[call])) then
          undefine Job_next[y_2];
          Job_next_dangling[y_2] := true;
        end;
      end;
      if !isundefined(Call_Drop_job[call]) then
        undefine Job_next[Call_Drop_job[call]];
        Job_next_dangling[Call_Drop_job[call]] := false;
      end;
      if (exists y_5: Job do (!isundefined(Call_Drop_job[call]) & Call_Drop_job[call] = y_5) &
        Node_waiting[y_5] end) then
        Node_waiting_stale := true;
      end;
      for y_5: Job do
        if (!isundefined(Call_Drop_job[call]) & Call_Drop_job[call] = y_5) then
          Node_waiting[y_5] := false;
        end;
      end;
      if !isundefined(Call_Drop_job[call]) then
        Job_tries[Call_Drop_job[call]] := 0;
      end;
      if !isundefined(Call_Drop_job[call]) then
        Job_life[Call_Drop_job[call]] := Job_life_absent;
      end;
      Call_at[call] := idle;
      Call_Drop_job := new_Call_Drop_job;
      Call_Drop_job_dangling := new_Call_Drop_job_dangling;
    end;
  end;
end;

ruleset job: Job do
  rule "Run/1"
    Job_life[job] != Job_life_absent
    & Node_life != Node_life_absent
    & Node_waiting[job]
  ==>
  begin
    if !((Job_tries[job] + 1) <= 2) then
      error "integers_in_range";
    elsif Job_life[job] != Queued then
      error "legal_life_transitions";
    else
      Job_tries[job] := Job_tries[job] + 1;
      Node_current := job;
      Node_current_dangling := false;
      Job_life[job] := Done;
    end;
  end;
end;

rule "Retire/1"
  0 < count_1()
==>
begin
  if Node_life = Node_life_absent then
    error "no_use_after_destroy";
  elsif Node_waiting_stale then
    error "no_use_after_destroy";
  else
    for job_2: Job do
      if (Node_waiting[job_2] & Job_life[job_2] = Done) then
        Job_life[job_2] := New;
      end;
    end;
  end;
end;

invariant "few_tries" forall j: Job do Job_life[j] = Job_life_absent | Job_tries[j] < 2 end;
cover "all_done" forall j: Job do Job_life[j] = Job_life_absent | Job_life[j] = Done end;
liveness "can_rest" !(exists j: Job do Job_life[j] = Queued end) | faulty();
liveness "no_stuck_call" (forall call: Call do Call_at[call] = idle end) | faulty();
