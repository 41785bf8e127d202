"""Miniports with one defect each, by the name of the model that has the same one
(models/seeded/NAME.wddm, or models/seeded/FAMILY/NAME.wddm): what `wddmcheck replay --on
defect:NAME` runs on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wddmcheck.machine.defects import (
    adapters,
    allocations,
    contexts,
    devices,
    packets,
    paging,
    power,
    preemption,
    removal,
    timeouts,
)
from wddmcheck.machine.reference import ReferenceMiniport

DEFECTS: Final[Mapping[str, type[ReferenceMiniport]]] = MappingProxyType({
    "aborted_fence_of_last_completed": timeouts.GivesLastCompletedFence,
    "aborted_fence_zero": timeouts.GivesNoAbortedFence,
    "allocation_keeps_creating_device": allocations.KeepsCreatingDevice,
    "callback_gets_kmd_handle": contexts.PassesItsOwnHandle,
    "cancel_leaks_packet": packets.CancelDoesNothing,
    "closeallocation_frees_the_allocation": allocations.CloseFreesAllocation,
    "createallocation_failure_leaves_first": allocations.FailedCreateLeavesFirst,
    "createcontext_failure_frees_twice": contexts.FailedCreateFreesTwice,
    "createcontext_failure_leaks_save_area": contexts.FailedCreateLeaksSaveArea,
    "d0_forgets_interrupts": power.ForgetsInterrupts,
    "d3_leaves_dpc": power.LeavesDpc,
    "d3_loses_lazy_context": power.LosesLazyContext,
    "destroy_checks_gone_too_early": removal.ChecksGoneTooEarly,
    "destroy_expects_a_packet": packets.ExpectsAPacket,
    "destroy_leaves_unretired_packet": packets.LeavesUnretiredPacket,
    "destroy_polls_removed_hardware": removal.PollsTheNode,
    "destroy_writes_registers_in_clean_up": contexts.SwitchesAwayInAnyCase,
    "destroy_writes_registers_in_d3": contexts.SwitchesAwayInAnyCase,
    "destroy_writes_registers_when_gone": removal.WritesWhenGone,
    "destroyallocation_empty_list_leaks_resource": allocations.EmptyListLeaksResource,
    "destroyallocation_frees_resource_unasked": allocations.FreesResourceUnasked,
    "destroyallocation_ignores_destroyresource": allocations.IgnoresDestroyResource,
    "destroycontext_leaves_save_area": contexts.LeavesSaveArea,
    "destroydevice_keeps_the_device": devices.KeepsTheDevice,
    "destroydevice_leaves_shared_save_area": devices.LeavesSharedSaveArea,
    "device_keeps_forgotten_context": packets.KeepsForgottenContexts,
    "dpc_walks_freed_context": contexts.StaysOnSubmissionList,
    "empty_queue_unanswered": preemption.LeavesEmptyQueueUnanswered,
    "escape_keeps_raw_pointer": allocations.KeepsRawPointer,
    "exclusive_access_keeps_writing": power.KeepsWritingStatus,
    "failed_start_leaves_isr_state": removal.FailedStartLeavesIsrState,
    "gpu_runs_after_reset": timeouts.LetsTheGpuRun,
    "page_tables_deferred": power.DefersPageTables,
    "paging_caches_allocation": allocations.CachesPagedAllocation,
    "paging_packet_keeps_allocation": paging.PacketKeepsAllocation,
    "paging_reported_twice": paging.ReportsPagingTwice,
    "preempted_packet_stays_listed": preemption.LeavesPreemptedPacketListed,
    "preemption_answered_twice": preemption.AnswersPreemptionTwice,
    "preemption_reported_before_completion": preemption.ReportsPreemptionFirst,
    "query_reads_before_restore": power.QueriesBeforeRestore,
    "query_without_lock": power.QueriesWithoutLock,
    "reset_frees_isr_state": timeouts.MakesIsrStateAnew,
    "reset_leaves_packets": timeouts.LeavesPackets,
    "reset_reports_twice": contexts.ReportsTwiceAfterReset,
    "restart_reports_aborted": timeouts.ReportsAtRestart,
    "root_page_table_set_once": paging.SetsRootPageTableOnce,
    "save_area_freed_after_reclaim": packets.FreesAreasWithTheDevice,
    "save_area_freed_while_current": contexts.StaysOnTheNode,
    "save_area_outlives_process": devices.LeavesSharedSaveArea,
    "second_save_area_failure_leaks_first": contexts.FailedCreateLeaksSaveArea,
    "stop_frees_add_state": removal.StopFreesAddState,
    "stop_frees_before_dpc": removal.StopFreesBeforeDpc,
    "stop_frees_isr_state_first": adapters.FreesIsrStateFirst,
    "stop_leaks_isr_state": adapters.LeaksIsrState,
    "stop_skips_clean_up_when_gone": removal.SkipsCleanUpWhenGone,
    "unmap_leaves_the_range": paging.LeavesTheRange,
    "yardstick_b1": contexts.LeavesFurtherAreas,
    "yardstick_b2": contexts.FreesAreaBeingRead,
})
