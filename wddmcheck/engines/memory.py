"""How much memory this process holds, on Linux, macOS and Windows, from the standard library."""

from __future__ import annotations

import os
import sys


def rss() -> int:
    """Resident bytes of this process now (its peak, where the system tells no more); 0 if it
    cannot be found out."""
    platform: str = sys.platform     # as a plain string: all branches are real on some machine
    try:
        if platform.startswith("linux"):
            with open("/proc/self/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        if platform == "win32":
            return _windows()
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if platform == "darwin" else peak * 1024
    except (OSError, ValueError, ImportError):
        return 0


def _windows() -> int:
    """The working set, by GetProcessMemoryInfo (PROCESS_MEMORY_COUNTERS)."""
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = [("cb", wintypes.DWORD), ("PageFaultCount", wintypes.DWORD)] + [
            (name, ctypes.c_size_t) for name in (
                "PeakWorkingSetSize", "WorkingSetSize", "QuotaPeakPagedPoolUsage",
                "QuotaPagedPoolUsage", "QuotaPeakNonPagedPoolUsage", "QuotaNonPagedPoolUsage",
                "PagefileUsage", "PeakPagefileUsage")]

    counters = Counters()
    counters.cb = ctypes.sizeof(Counters)
    windll = getattr(ctypes, "windll")  # noqa: B009 - it exists on Windows only
    process = windll.kernel32.GetCurrentProcess()
    if not windll.psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb):
        return 0
    return int(counters.WorkingSetSize)
