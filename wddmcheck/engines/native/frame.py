"""How Python and the compiled code share memory: the fields of structures, all words of 64 bits.

A `Run` is what all threads share: the states found so far and the table that finds them. A `Ctx`
belongs to one thread: where it puts the successors of the state at hand, and what it has seen. A
`Round` hands chunks of states to threads.
"""

from __future__ import annotations

from enum import IntEnum


class Run(IntEnum):
    """A search."""

    KEPT = 0            # pointer to what is kept of each state: its words, or their hash
    PARENTS = 1         # pointer to 32-bit numbers of the states that they were found from
    TABLE = 2           # pointer to 32-bit entries: a state's number plus one, and bits of its hash
    MASK = 3            # places in the table, less one
    COUNT = 4           # states
    CAPACITY = 5        # states that there is room for
    TARGETS = 6         # pointer to 32-bit numbers: where each edge leads
    INSTANCES = 7       # pointer to 32-bit numbers of the instances of edges
    STARTS = 8          # pointer to the number of the first edge of each state, and one more
    EDGES = 9
    EDGE_CAPACITY = 10
    FAULTY = 11         # pointer to a byte a state: whether an instance ends in a fault there
    ALIVE = 12          # pointer to the goals that each state has, and those still in reach
    WHOLE = 13          # pointer to whole states, from number BASE on
    BASE = 14
    VIA = 15            # pointer to the instance that each state was found by, 16 bits: its number
    VIA_BASE = 16       # plus one; from this number of a state on
    ASLEEP = 17         # pointer to the instances that sleep after each, a bit each


class Ctx(IntEnum):
    """A thread."""

    ODD = 0             # whether some instance changes more than usual in the state at hand
    TRANSITIONS = 1
    STOPPED = 2         # instances that end in a fault in the state at hand
    STATE = 3           # its number, plus one
    SCRATCH = 4         # pointer to room for a successor
    ENABLED = 5         # pointer to the instances that are enabled, a bit each
    RECORDS = 6         # pointer to a word for each thing to look out for (actions.py)
    RAW = 7             # pointer to successors that were seen just before,
    RECENT = 8          # and to canonical ones
    BUFFER = 9          # pointer to successors that wait to be looked up
    BUFFERED = 10
    SIFTED = 11         # those before this one are not in the table; chunks of them wait
    HEAD = 12           # from this one on to be entered;
    BRINK = 13          # if there are as many, there may be no room for another chunk
    SEEN = 14           # pointer to the instances that were enabled before, a bit each
    ASLEEP = 15         # pointer to those that need not be taken in the state at hand, a bit each
    TWINS = 16          # for each pool: bit i is set where slot i is like slot i - 1


class Round(IntEnum):
    """A round of work for several threads. What all write is apart from what all read."""

    NEXT = 0            # the next chunk that a thread takes
    TURN = 8            # the next chunk that is entered
    STATES = 9          # states and edges that there are then
    EDGES = 10
    COUNT = 16          # chunks
    FIRST = 17          # the first state of the first chunk
    SIZE = 18           # states of a chunk
    END = 19            # the last chunk ends here
    LIMIT = 20          # with so many states or edges no more chunks are taken
    EDGE_LIMIT = 21


BATCH = 256
"""Successors that are looked up together."""

RECENT = 1 << 13
"""Successors that are remembered without a look-up."""
