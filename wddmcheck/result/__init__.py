"""What a run found: traces, verdicts with their evidence, statistics. Plain data."""
