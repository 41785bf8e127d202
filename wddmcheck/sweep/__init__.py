"""The failures of a system, and the system in which a bounded number of them may happen.

`causes` reads failures off the IR, `catalogue` has the events that count as one, `inject` makes
the system that a sweep explores. IR in, IR out: nothing here knows an engine or the language.
"""
