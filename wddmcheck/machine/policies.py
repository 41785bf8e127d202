"""What Dxgkrnl does where the documentation does not say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policies:
    """What Dxgkrnl does where the documentation is silent (docs/policies in the models).
    G01: what follows a context that Dxgkrnl cannot use: it is destroyed, or "forgotten" until its
    device goes; or DestroyContext also follows a CreateContext that failed ("after_failure").
    G04: how far a context's work has got when it is destroyed: completed, retired, or
    "adversarial", at any point.
    G06: context allocations that a driver leaves are leaked, or reclaimed by Dxgkrnl.
    G08: the end of a context allocation that a node still holds is the driver's own affair
    ("driver"), or deferred until the node has switched away.
    G09: DestroyAllocation waits for paging work that names the allocation, or does not.
    G15: a root page table that is replaced goes after all contexts were told, or before.
    G17: the CPU events of a device go before it (events_first), or in any_order.
    G19: ISRs run during StopDevice and SetPowerState, or not.
    G26: no two calls of a process overlap ("one_thread", or "honoured"), its clean-up may
    ("any_thread"), or all may ("dropped").
    G30: frame notifications and protected sessions end before the adapter stops ("before_stop"), or
    at any_time before it is removed.
    Pending: where no ISR runs during SetPowerState (G19), what is pending comes before it begins,
    or after.
    Rotation: ConnectDoorbell may come while another doorbell is disconnected ("overlaps",
    "serialised").
    Signals: the GPU may signal a native fence until_destroyed, or until_closed by all processes."""

    G01: str = "destroyed"
    G04: str = "completed"
    G06: str = "leaked"
    G08: str = "driver"
    G09: str = "waits"
    G15: str = "after"
    G17: str = "any_order"
    G19: str = "on"
    G26: str = "one_thread"
    G30: str = "before_stop"
    Pending: str = "after"
    Rotation: str = "overlaps"
    Signals: str = "until_destroyed"
