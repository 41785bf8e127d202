"""Evidence, checked again by the oracle: `recheck.recheck`. Nothing here imports an engine."""
