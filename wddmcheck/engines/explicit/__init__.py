"""Explicit-state exploration: compile the system, search breadth-first, answer every property."""
