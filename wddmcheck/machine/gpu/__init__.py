"""The GPU: nodes that run packets, memory of real bytes behind page tables, an interrupt line."""
