"""Source positions, diagnostics and the two exception roots. Imports nothing of wddmcheck."""
