"""Memory: what is free, and what a call took at its peak."""

from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def free_bytes():
    """Bytes that a process can still have, within a container's limit too."""
    free = psutil.virtual_memory().available
    try:
        limit = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or no limit ("max")
        return free
    return min(free, limit - used)


def peak_above_baseline(call):
    """Calls `call()`; returns by how many bytes its process grew at its peak.

    Linux only; None where the kernel does not say.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        before = _status("VmRSS")
        call()
        return _status("VmHWM") - before
    except OSError:
        return None


def _status(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"no {name} in /proc/self/status")
