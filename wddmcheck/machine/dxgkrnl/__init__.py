"""Dxgkrnl, as far as a miniport meets it: handles, the scheduler, video memory, PnP, recovery."""
