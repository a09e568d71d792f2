"""Memory: what is free, and what a call took at its peak."""

from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
PEAK_RESET = Path("/proc/self/clear_refs")
# With these glibc keeps memory, or takes more than what is asked for. It reads
# them as a process starts: what is set later (dask does) changes nothing.
ENVIRONMENT_AT_START = Path("/proc/self/environ")
KEEPING = {
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TOP_PAD_",
    "MALLOC_TRIM_THRESHOLD_",
}


def free_bytes():
    """Bytes that a process can still have, within a container's limit too."""
    free = psutil.virtual_memory().available
    for group in _control_groups():
        try:
            limit = int((group / "memory.max").read_text())
            used = int((group / "memory.current").read_text())
        except (OSError, ValueError):  # no such group, or no limit ("max")
            continue
        free = min(free, limit - used)
    return free


def peak_above_baseline(call):
    """Calls `call()`; returns by how many bytes its process grew at its peak.

    Linux only; None where the kernel does not say, or glibc is told to keep
    memory.
    """
    before = _reset_peak()
    call()
    return None if before is None else _status("VmHWM") - before


def allocator_settings():
    """What glibc was told of its memory as the process started.

    Returns:
        `{name: value}` of environment variables; empty on other systems.
    """
    try:
        settings = ENVIRONMENT_AT_START.read_text(errors="replace").split("\0")
    except OSError:
        return {}
    pairs = (setting.partition("=") for setting in settings)
    return {
        name: value
        for name, _, value in pairs
        if name.startswith("MALLOC_") or name == "GLIBC_TUNABLES"
    }


def _reset_peak():
    """What the process has now; None where its peak would say nothing."""
    if allocator_settings().keys() & KEEPING:
        return None
    try:
        PEAK_RESET.write_text("5")
        return _status("VmRSS")
    except OSError:
        return None


def _control_groups():
    """Folders of this process's control group and of those around it.

    In a container they look like one, the outermost; that of a job on a
    cluster's machine is within others.
    """
    try:
        lines = OWN_CGROUP.read_text().splitlines()
    except OSError:  # not Linux
        return []
    own = [line.removeprefix("0::/") for line in lines if line[:4] == "0::/"]
    path = CGROUP.joinpath(*own)
    return [path, *[p for p in path.parents if p.is_relative_to(CGROUP)]]


def _status(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"no {name} in /proc/self/status")
