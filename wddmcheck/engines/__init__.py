"""Engines: each takes a `CheckTask` and returns a `CheckResult` (engines.base)."""
