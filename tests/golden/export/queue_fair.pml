/*
 * Model queue, exported by wddmcheck 0.1.0. The meaning is that of spec/export.md.
 * Scope: Job=2 Call=1
 * Properties: gets_done
 *
 * Run: spin -a FILE && gcc -O2 -DSAFETY -DNOREDUCE -DBFS -o pan pan.c && ./pan
 * -DBFS finds shortest runs; without it the search is depth-first, to the depth of ./pan
 * -m1000000.
 * `assertion violated NAME` is a violation of property NAME; `./pan -c0` goes on after it. A step
 * that breaks an obligation leaves the state as it is, so that "states, stored" are the reachable
 * states of the model. `spin -t -p -g FILE` shows the run.
 * For NAME of a claim about all runs: gcc -O2 -DNOREDUCE -o pan pan.c && ./pan -a -N NAME
 * Two variables are not the model's: the block of the last step, if a claim is under its
 * fairness,
 * and whether a step broke an obligation, which ends the run. SPIN counts states with these.
 *
 * Names here and in the model:
 *   Node_life           Node.life
 *   Node_current        Node.current
 *   Node_waiting        Node.waiting
 *   Node_waiting_stale  Node.waiting.stale
 *   Job_life            Job.life
 *   Job_tries           Job.tries
 *   Job_next            Job.next
 *   Call_at             Call.at
 *   Call_Drop_job       Call.Drop.job
 *   Drop_at_1           Drop@1
 */
#define none 255
#define dangling 254
mtype = { absent, live, New, Queued, Done, Quiet, Loud, idle, Drop_at_1 };
mtype Node_life = absent;  /* Node.life: {absent, live} */
byte Node_current = none;  /* Node.current: Job?! */
bool Node_waiting[2] = false;  /* Node.waiting[Job]: bool */
bool Node_waiting_stale = false;  /* Node.waiting.stale: bool */
mtype Job_life[2] = absent;  /* Job.life[Job]: {absent, New, Queued, Done} */
byte Job_tries[2] = 0;  /* Job.tries[Job]: 0..2 */
byte Job_next[2] = none;  /* Job.next[Job]: Job?! */
mtype mode = Quiet;  /* mode: {Quiet, Loud} */
mtype Call_at = idle;  /* Call.at[Call]: {idle, Drop@1} */
byte Call_Drop_job = none;  /* Call.Drop.job[Call]: Job?! */
byte last_block = 0;
bool faulted = false;

active proctype queue()
{
end:
  do
  /* Start/1() STATUS_SUCCESS */
  :: d_step { Call_at == idle && Node_life == absent ->
       Node_life = live;
       last_block = 0
     }
  /* Make/1(after none) STATUS_NO_MEMORY */
  :: d_step { Call_at == idle ->
       last_block = 0
     }
  /* Make/1(after Job[0]) STATUS_NO_MEMORY */
  :: d_step { Call_at == idle && Job_life[0] != absent ->
       last_block = 0
     }
  /* Make/1(after Job[1]) STATUS_NO_MEMORY */
  :: d_step { Call_at == idle && Job_life[1] != absent ->
       last_block = 0
     }
  /* Make/2(after none, job Job[0]) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[0] == absent ->
       Job_life[0] = New;
       Job_next[0] = none;
       last_block = 0
     }
  /* Make/2(after none, job Job[1]) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[1] == absent ->
       Job_life[1] = New;
       Job_next[1] = none;
       last_block = 0
     }
  /* Make/2(after Job[0], job Job[1]) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[0] != absent && Job_life[1] == absent ->
       Job_life[1] = New;
       Job_next[1] = 0;
       last_block = 0
     }
  /* Make/2(after Job[1], job Job[0]) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[1] != absent && Job_life[0] == absent ->
       Job_life[0] = New;
       Job_next[0] = 1;
       last_block = 0
     }
  /* Submit/1(job Job[0], loud Quiet) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[0] == New && Node_life != absent ->
       Job_life[0] = Queued;
       Node_waiting[0] = true;
       mode = Quiet;
       last_block = 0
     }
  /* Submit/1(job Job[0], loud Loud) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[0] == New && Node_life != absent ->
       Job_life[0] = Queued;
       Node_waiting[0] = true;
       mode = Loud;
       last_block = 0
     }
  /* Submit/1(job Job[1], loud Quiet) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[1] == New && Node_life != absent ->
       Job_life[1] = Queued;
       Node_waiting[1] = true;
       mode = Quiet;
       last_block = 0
     }
  /* Submit/1(job Job[1], loud Loud) STATUS_SUCCESS */
  :: d_step { Call_at == idle && Job_life[1] == New && Node_life != absent ->
       Job_life[1] = Queued;
       Node_waiting[1] = true;
       mode = Loud;
       last_block = 0
     }
  /* Drop/1(job Job[0], call Call[0]) */
  :: d_step { Call_at == idle && Job_life[0] != absent && !(Call_at == Drop_at_1 &&
         Call_Drop_job == 0) ->
       if
       :: Node_life == absent -> faulted = true
       :: else ->
          Node_waiting[0] = false;
          Call_at = Drop_at_1;
          Call_Drop_job = 0;
          last_block = 0
       fi
     }
  /* Drop/1(job Job[1], call Call[0]) */
  :: d_step { Call_at == idle && Job_life[1] != absent && !(Call_at == Drop_at_1 &&
         Call_Drop_job == 1) ->
       if
       :: Node_life == absent -> faulted = true
       :: else ->
          Node_waiting[1] = false;
          Call_at = Drop_at_1;
          Call_Drop_job = 1;
          last_block = 0
       fi
     }
  /* Drop/2(call Call[0]) STATUS_SUCCESS */
  :: d_step { Call_at == Drop_at_1 ->
       if
       :: Call_Drop_job == dangling -> faulted = true
       :: else ->
          Node_current = ((Node_current == Call_Drop_job) -> dangling : Node_current);
          Job_next[0] = ((Call_Drop_job == 0) -> none : ((Job_next[0] == Call_Drop_job) ->
            dangling : Job_next[0]));
          Job_next[1] = ((Call_Drop_job == 1) -> none : ((Job_next[1] == Call_Drop_job) ->
            dangling : Job_next[1]));
          Node_waiting_stale = (Call_Drop_job == 0 && Node_waiting[0]) || (Call_Drop_job == 1 &&
            Node_waiting[1]) || Node_waiting_stale;
          Node_waiting[0] = Call_Drop_job != 0 && Node_waiting[0];
          Node_waiting[1] = Call_Drop_job != 1 && Node_waiting[1];
          Job_tries[0] = ((Call_Drop_job == 0) -> 0 : Job_tries[0]);
          Job_tries[1] = ((Call_Drop_job == 1) -> 0 : Job_tries[1]);
          Job_life[0] = ((Call_Drop_job == 0) -> absent : Job_life[0]);
          Job_life[1] = ((Call_Drop_job == 1) -> absent : Job_life[1]);
          Call_Drop_job = none;
          Call_at = idle;
          last_block = 0
       fi
     }
  /* Run/1(job Job[0]) */
  :: d_step { Node_waiting[0] && Node_life != absent && Job_life[0] != absent ->
       if
       :: !((Job_tries[0] + 1) <= 2) -> faulted = true
       :: Job_life[0] != Queued -> faulted = true
       :: else ->
          Job_tries[0] = Job_tries[0] + 1;
          Node_current = 0;
          Job_life[0] = Done;
          last_block = 1
       fi
     }
  /* Run/1(job Job[1]) */
  :: d_step { Node_waiting[1] && Node_life != absent && Job_life[1] != absent ->
       if
       :: !((Job_tries[1] + 1) <= 2) -> faulted = true
       :: Job_life[1] != Queued -> faulted = true
       :: else ->
          Job_tries[1] = Job_tries[1] + 1;
          Node_current = 1;
          Job_life[1] = Done;
          last_block = 1
       fi
     }
  /* Retire/1() */
  :: d_step { 0 < (((Job_life[0] == Done) -> 1 : 0) + ((Job_life[1] == Done) -> 1 : 0)) ->
       if
       :: Node_life == absent -> faulted = true
       :: Node_waiting_stale -> faulted = true
       :: else ->
          Job_life[0] = ((Node_waiting[0] && Job_life[0] == Done) -> New : Job_life[0]);
          Job_life[1] = ((Node_waiting[1] && Job_life[1] == Done) -> New : Job_life[1]);
          last_block = 0
       fi
     }
  :: false && Node_life != 0 && Node_current != 0 && Node_waiting[0] != 0 &&
         Node_waiting_stale != 0 && Job_life[0] != 0 && Job_tries[0] != 0 && Job_next[0] != 0 &&
         mode != 0 && Call_at != 0 && Call_Drop_job != 0
  od
}

never gets_done {
  do
  :: (Job_life[0] == Queued || Job_life[1] == Queued) && !((Job_life[0] == Done ||
       Job_life[1] == Done) || faulted) -> goto waits_1
  :: true
  od;
waits_1:  /* Run */
  if
  :: !((Job_life[0] == Done || Job_life[1] == Done) || faulted) && (!((Job_life[0] != absent &&
       Node_life != absent && Node_waiting[0]) || (Job_life[1] != absent && Node_life != absent &&
       Node_waiting[1])) || last_block == 1) -> goto accept_all
  :: !((Job_life[0] == Done || Job_life[1] == Done) || faulted) && !(!((Job_life[0] != absent &&
       Node_life != absent && Node_waiting[0]) || (Job_life[1] != absent && Node_life != absent &&
       Node_waiting[1])) || last_block == 1) -> goto waits_1
  fi;
accept_all:
  if
  :: !((Job_life[0] == Done || Job_life[1] == Done) || faulted) -> goto waits_1
  fi
}
