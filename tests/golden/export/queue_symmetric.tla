---------------------------- MODULE queue_symmetric ----------------------------
\* Model queue, exported by wddmcheck 0.1.0. The meaning is that of spec/export.md.
\* Scope: Job=2 Call=1
\* Properties: few_tries, no_use_after_destroy, no_double_destroy, legal_life_transitions,
\*   integers_in_range, no_deadlock
\*
\* Run: java -cp tla2tools.jar tlc2.TLC -workers 1 -config queue_symmetric.tla queue_symmetric.tla
\* The file has to be called queue_symmetric.tla; the configuration is at its end. With one worker
\* runs are
\* shortest. An obligation is broken by a step: its invariant is violated in the state before that
\* step, which TLC does not show. `-continue` goes on after a violation.
\*
\* Left out:
\*   all_done (reachable): TLC only looks for violations; ask for it by name, and the violation is
\*     the witness
\*   can_rest (always possible): no formula of linear time says so
\*   gets_done (leads to): TLC cannot check it with --symmetry on
\*   no_stuck_call (always possible): no formula of linear time says so
\*
\* Names here and in the model:
\*   Node_life           Node.life
\*   Node_current        Node.current
\*   Node_waiting        Node.waiting
\*   Node_waiting_stale  Node.waiting.stale
\*   Job_life            Job.life
\*   Job_tries           Job.tries
\*   Job_next            Job.next
\*   Call_at             Call.at
\*   Call_Drop_job       Call.Drop.job
EXTENDS Integers, FiniteSets, TLC

CONSTANTS none, dangling, Job_0, Job_1, Call_0
Job == {Job_0, Job_1}
Call == {Call_0}
VARIABLES Node_life, Node_current, Node_waiting, Node_waiting_stale, Job_life, Job_tries, Job_next,
  mode, Call_at, Call_Drop_job
vars == <<Node_life, Node_current, Node_waiting, Node_waiting_stale, Job_life, Job_tries, Job_next,
  mode, Call_at, Call_Drop_job>>

Init ==
  /\ Node_life = "absent"
  /\ Node_current = none
  /\ Node_waiting = [i0 \in Job |-> FALSE]
  /\ Node_waiting_stale = FALSE
  /\ Job_life = [i0 \in Job |-> "absent"]
  /\ Job_tries = [i0 \in Job |-> 0]
  /\ Job_next = [i0 \in Job |-> none]
  /\ mode = "Quiet"
  /\ Call_at = [i0 \in Call |-> "idle"]
  /\ Call_Drop_job = [i0 \in Call |-> none]

\* Start/1: OS, whole, STATUS_SUCCESS
Start_1_enabled ==
  /\ Node_life = "absent"
  /\ (\E call_2 \in Call : Call_at[call_2] = "idle")
Start_1 ==
  /\ Start_1_enabled = TRUE
  /\ Node_life' = "live"
  /\ UNCHANGED <<Node_current, Node_waiting, Node_waiting_stale, Job_life, Job_tries, Job_next,
       mode, Call_at, Call_Drop_job>>

\* Make/1: OS, whole, STATUS_NO_MEMORY
Make_1_enabled(after) ==
  /\ (after = none \/ (after \in Job /\ (Job_life[after] # "absent")))
  /\ (\E call_2 \in Call : Call_at[call_2] = "idle")
Make_1(after) ==
  /\ Make_1_enabled(after) = TRUE
  /\ UNCHANGED <<Node_life, Node_current, Node_waiting, Node_waiting_stale, Job_life, Job_tries,
       Job_next, mode, Call_at, Call_Drop_job>>

\* Make/2: OS, whole, STATUS_SUCCESS
Make_2_enabled(after, job) ==
  /\ (after = none \/ (after \in Job /\ (Job_life[after] # "absent")))
  /\ Job_life[job] = "absent"
  /\ (\E call_3 \in Call : Call_at[call_3] = "idle")
Make_2(after, job) ==
  /\ Make_2_enabled(after, job) = TRUE
  /\ Job_life' = [Job_life EXCEPT ![job] = "New"]
  /\ Job_next' = [Job_next EXCEPT ![job] = after]
  /\ UNCHANGED <<Node_life, Node_current, Node_waiting, Node_waiting_stale, Job_tries, mode,
       Call_at, Call_Drop_job>>

\* Submit/1: OS, whole, STATUS_SUCCESS
Submit_1_enabled(job, loud) ==
  /\ Node_life # "absent"
  /\ Job_life[job] = "New"
  /\ (\E call_2 \in Call : Call_at[call_2] = "idle")
Submit_1(job, loud) ==
  /\ Submit_1_enabled(job, loud) = TRUE
  /\ Job_life' = [Job_life EXCEPT ![job] = "Queued"]
  /\ Node_waiting' = [Node_waiting EXCEPT ![job] = TRUE]
  /\ mode' = loud
  /\ UNCHANGED <<Node_life, Node_current, Node_waiting_stale, Job_tries, Job_next, Call_at,
       Call_Drop_job>>

\* Drop/1: OS, entry
Drop_1_enabled(job, call) ==
  /\ Job_life[job] # "absent"
  /\ ~(\E call_4 \in Call : Call_at[call_4] = "Drop@1" /\ Call_Drop_job[call_4] = job)
  /\ Call_at[call] = "idle"
Drop_1_breaks_1(job, call) ==  \* no_use_after_destroy
  Node_life = "absent"
Drop_1(job, call) ==
  /\ Drop_1_enabled(job, call) = TRUE
  /\ ~Drop_1_breaks_1(job, call)
  /\ Node_waiting' = [Node_waiting EXCEPT ![job] = FALSE]
  /\ Call_at' = [Call_at EXCEPT ![call] = "Drop@1"]
  /\ Call_Drop_job' = [Call_Drop_job EXCEPT ![call] = job]
  /\ UNCHANGED <<Node_life, Node_current, Node_waiting_stale, Job_life, Job_tries, Job_next, mode>>

\* Drop/2: OS, return, STATUS_SUCCESS
Drop_2_enabled(call) ==
  /\ Call_at[call] = "Drop@1"
Drop_2_breaks_1(call) ==  \* no_double_destroy
  Call_Drop_job[call] = dangling
Drop_2(call) ==
  /\ Drop_2_enabled(call) = TRUE
  /\ ~Drop_2_breaks_1(call)
  /\ Node_current' = IF Node_current = Call_Drop_job[call] THEN dangling ELSE Node_current
  /\ Job_next' = [job_1 \in Job |-> IF job_1 = Call_Drop_job[call] THEN none ELSE
       IF Job_next[job_1] = Call_Drop_job[call] THEN dangling ELSE Job_next[job_1]]
  /\ Call_Drop_job' = [call_1 \in Call |-> IF call_1 = call THEN none ELSE
       IF Call_Drop_job[call_1] = Call_Drop_job[call] THEN dangling ELSE Call_Drop_job[call_1]]
  /\ Node_waiting_stale' = IF \E y_5 \in Job : y_5 = Call_Drop_job[call] /\ Node_waiting[y_5] THEN
       TRUE ELSE Node_waiting_stale
  /\ Node_waiting' = [y_5 \in Job |-> IF y_5 = Call_Drop_job[call] THEN FALSE ELSE
       Node_waiting[y_5]]
  /\ Job_tries' = [job_1 \in Job |-> IF job_1 = Call_Drop_job[call] THEN 0 ELSE Job_tries[job_1]]
  /\ Job_life' = [job_1 \in Job |-> IF job_1 = Call_Drop_job[call] THEN "absent" ELSE
       Job_life[job_1]]
  /\ Call_at' = [Call_at EXCEPT ![call] = "idle"]
  /\ UNCHANGED <<Node_life, mode>>

\* Run/1: GPU, whole
Run_1_enabled(job) ==
  /\ Job_life[job] # "absent"
  /\ Node_life # "absent"
  /\ Node_waiting[job]
Run_1_breaks_1(job) ==  \* integers_in_range
  ~((Job_tries[job] + 1) <= 2)
Run_1_breaks_2(job) ==  \* legal_life_transitions
  Job_life[job] # "Queued"
Run_1(job) ==
  /\ Run_1_enabled(job) = TRUE
  /\ ~Run_1_breaks_1(job)
  /\ ~Run_1_breaks_2(job)
  /\ Job_tries' = [Job_tries EXCEPT ![job] = Job_tries[job] + 1]
  /\ Node_current' = job
  /\ Job_life' = [Job_life EXCEPT ![job] = "Done"]
  /\ UNCHANGED <<Node_life, Node_waiting, Node_waiting_stale, Job_next, mode, Call_at,
       Call_Drop_job>>

\* Retire/1: DPC, whole
Retire_1_enabled ==
  /\ 0 < Cardinality({job_2 \in Job : Job_life[job_2] = "Done"})
Retire_1_breaks_1 ==  \* no_use_after_destroy
  Node_life = "absent"
Retire_1_breaks_2 ==  \* no_use_after_destroy
  Node_waiting_stale
Retire_1 ==
  /\ Retire_1_enabled = TRUE
  /\ ~Retire_1_breaks_1
  /\ ~Retire_1_breaks_2
  /\ Job_life' = [job_2_2 \in Job |-> IF Node_waiting[job_2_2] /\ Job_life[job_2_2] = "Done" THEN
       "New" ELSE Job_life[job_2_2]]
  /\ UNCHANGED <<Node_life, Node_current, Node_waiting, Node_waiting_stale, Job_tries, Job_next,
       mode, Call_at, Call_Drop_job>>

Next ==
  \/ Start_1
  \/ \E after \in Job \union {none} : Make_1(after)
  \/ \E after \in Job \union {none}, job \in Job : Make_2(after, job)
  \/ \E job \in Job, loud \in {"Quiet", "Loud"} : Submit_1(job, loud)
  \/ \E job \in Job, call \in Call : Drop_1(job, call)
  \/ \E call \in Call : Drop_2(call)
  \/ \E job \in Job : Run_1(job)
  \/ Retire_1

few_tries ==
  /\ (\A j \in Job : Job_life[j] = "absent" \/ Job_tries[j] < 2)

no_use_after_destroy ==
  /\ \A job \in Job, call \in Call : Drop_1_enabled(job, call) => (~Drop_1_breaks_1(job, call))
  /\ Retire_1_enabled => (~Retire_1_breaks_1)
  /\ Retire_1_enabled => (Retire_1_breaks_1 \/ ~Retire_1_breaks_2)

no_double_destroy ==
  /\ \A call \in Call : Drop_2_enabled(call) => (~Drop_2_breaks_1(call))

legal_life_transitions ==
  /\ \A job \in Job : Run_1_enabled(job) => (Run_1_breaks_1(job) \/ ~Run_1_breaks_2(job))

integers_in_range ==
  /\ \A job \in Job : Run_1_enabled(job) => (~Run_1_breaks_1(job))

no_deadlock ==
  \/ Start_1_enabled
  \/ \E after \in Job \union {none} : Make_1_enabled(after)
  \/ \E after \in Job \union {none}, job \in Job : Make_2_enabled(after, job)
  \/ \E job \in Job, loud \in {"Quiet", "Loud"} : Submit_1_enabled(job, loud)
  \/ \E job \in Job, call \in Call : Drop_1_enabled(job, call)
  \/ \E call \in Call : Drop_2_enabled(call)
  \/ \E job \in Job : Run_1_enabled(job)
  \/ Retire_1_enabled

Symmetry == Permutations(Job)

================================================================================

---------------------------- CONFIG queue_symmetric ----------------------------
INIT Init
NEXT Next
CHECK_DEADLOCK FALSE
CONSTANTS
  none = none
  dangling = dangling
  Job_0 = Job_0
  Job_1 = Job_1
  Call_0 = Call_0
INVARIANTS
  few_tries
  no_use_after_destroy
  no_double_destroy
  legal_life_transitions
  integers_in_range
  no_deadlock
SYMMETRY Symmetry
================================================================================
