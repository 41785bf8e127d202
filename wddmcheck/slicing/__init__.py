"""Slicing: parts of a system that are enough to decide a property. Pure functions of the IR; which
slices are explored, and in which order, is for the pipeline."""
