"""How Python and the compiled code share memory: the fields of the structures, all 64-bit words.

A *partition* holds the states whose hash ends in its number: their words in the order in which they
were found, the number of the state that each was found from, and a table of their numbers. A
*block* is a run of states of one partition that one thread expands; what it finds goes to buffers,
one for each partition. A *round* expands some blocks and then inserts what they found, partition by
partition and block by block, so that states are numbered alike however many threads there are.
"""

from __future__ import annotations

from enum import IntEnum

PARTITIONS = 16
PART_BITS = 4

INDEX_BITS = 28
"""A state is named by partition and index, in 32 bits."""

SEGMENT_BITS = 14
"""States are stored in segments of this many."""

LOAD = 0.8
"""How full a table may be."""


class Part(IntEnum):
    """Fields of a partition."""

    COUNT = 0       # states
    TABLE = 1       # pointer to 32-bit entries: tag and index + 1
    BITS = 2        # log2 of the number of entries
    STATES = 3      # pointer to pointers to segments of states
    PARENTS = 4     # pointer to pointers to segments of 32-bit numbers of parents
    LIMIT = 5       # states that there is room for
    BLOCK = 6       # where insertion goes on: which block,
    ENTRY = 7       # and which entry of its buffer
    ALIVE = 8       # pointer to a byte a state: goals that can still be reached
    SIZE = 16


class Block(IntEnum):
    """Fields of a block."""

    PARTITION = 0
    FIRST = 1       # index of its first state
    COUNT = 2       # states to expand
    DONE = 3        # states expanded; fewer than COUNT if a buffer became full
    TRANSITIONS = 4
    BUFFERS = 5     # pointer to PARTITIONS buffers of Round.CAPACITY entries
    FILLED = 6      # pointer to PARTITIONS numbers: entries in each
    RECORDS = 7     # pointer to one word per thing to look out for (see actions.py)
    HITS = 8        # records made
    WRONG = 9       # an integer left its range, or no state could be found again
    CHANGED = 10    # sweeps: states about which more is known now
    SIZE = 16


class Round(IntEnum):
    """Fields of a round."""

    NEXT = 0        # the next block or partition that a thread takes
    BLOCKS = 1      # how many blocks
    BLOCK = 2       # pointer to them
    PARTS = 3       # pointer to the partitions
    SEEN = 4        # pointer to one byte per record: nobody needs to look out for it
    CAPACITY = 5    # entries of a buffer
    FULL = 6        # goals of a sweep, one bit each; all of them
    DOWN = 7        # whether a sweep goes from the last state to the first
    SHIFT = 8       # the first goal of a sweep
    SIZE = 16


class Ctx(IntEnum):
    """Fields of what a thread knows about the state that it expands."""

    COUNT = 0       # successors so far
    TRANSITIONS = 1
    STOPPED = 2     # instances that end in a fault
    STATE = 3       # number in the block, from 1
    SCRATCH = 4     # pointer to room for the successors
    RECORDS = 5
    SEEN = 6
    HITS = 7
    WRONG = 8
    TWINS = 9       # for each pool: bit i is set where slot i is like slot i - 1
    SIZE = 64
