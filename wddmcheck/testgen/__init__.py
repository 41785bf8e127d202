"""Tests as files: one counterexample as a readable pytest function, or a suite that takes every
transition of a model."""
