"""Peaks of known size, the rule of powers of two, predictions."""

import ast
import os
import subprocess
import sys

import numpy as np
import pytest
from cases import Case
from paper import round_up_to_power_of_two

from sanet_tf.utils import memory
from sanet_tf.utils.memory import free_bytes, peak_above_baseline


def run_new(script, environment):
    """What a new process prints, glibc's settings being these alone."""
    others = {
        k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")
    }
    return subprocess.run(
        [sys.executable, "-c", script],
        env=others | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def peak_of(call, before="", **environment):
    """What a new process says of `call`, glibc's settings being these alone."""
    script = (
        "import numpy as np\n"
        "from sanet_tf.utils.memory import peak_above_baseline\n"
        f"{before}\n"
        "calls = []\n"
        f"print(peak_above_baseline(lambda: calls.append({call})), len(calls))"
    )
    peak, calls = run_new(script, environment).split()
    assert calls == "1"
    return None if peak == "None" else int(peak)


def test_peak_of_a_known_array():
    peak = peak_of("np.ones(50_000_000, 'uint8').sum()")
    assert peak == pytest.approx(50e6, rel=0.1)


def test_peak_is_above_what_was_there_before():
    assert peak_of("0", before="kept = np.ones(50_000_000, 'uint8')") < 5e6


def test_where_memory_is_kept_the_peak_says_nothing():
    assert peak_of("0", MALLOC_TOP_PAD_="268435456") is None


def test_records_have_what_the_allocator_was_told():
    script = (
        "import os; os.environ['MALLOC_TOP_PAD_'] = '1'\n"
        "from sanet_tf.training.record import run_record\n"
        "print(run_record({})['allocator'])"
    )
    told = {"MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "a=b"}
    assert ast.literal_eval(run_new(script, told)) == told


def test_what_is_set_later_does_not_keep_memory():
    """dask.distributed sets one of them in the process that starts workers."""
    later = "import os; os.environ['MALLOC_TRIM_THRESHOLD_'] = '65536'"
    assert peak_of("np.ones(50_000_000, 'uint8')", before=later) > 45e6


def test_where_the_kernel_does_not_say_the_call_is_made(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "PEAK_RESET", tmp_path / "none" / "none")
    calls = []
    assert peak_above_baseline(lambda: calls.append(1)) is None
    assert calls == [1]


def test_a_fault_of_the_call_is_its_own():
    def call():
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        peak_above_baseline(call)


def test_free_bytes():
    assert 10**8 < free_bytes() < 10**14


def test_the_least_of_all_groups_is_free(monkeypatch, tmp_path):
    """A job on a cluster's machine is in groups within groups."""
    own = tmp_path / "cgroup"
    own.write_text("4:memory:/x\n0::/jobs/mine\n")
    monkeypatch.setattr(memory, "OWN_CGROUP", own)
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    group = tmp_path / "jobs/mine"
    group.mkdir(parents=True)
    for folder, limit, used in ((group, "max", 1), (group.parent, "9", "4")):
        (folder / "memory.max").write_text(f"{limit}\n")
        (folder / "memory.current").write_text(f"{used}\n")
    assert free_bytes() == 5
    (group / "memory.max").write_text("3\n")
    assert free_bytes() == 2
    own.unlink()
    assert free_bytes() > 10**8


@pytest.mark.parametrize(
    ("size", "rounded"), [(1, 1), (4, 4), (5, 8), (9_834_496, 16_777_216)]
)
def test_power_of_two(size, rounded):
    assert round_up_to_power_of_two(size) == rounded


def test_predictions_hold_what_must_be_there():
    """At least input, scores and output; and a quarter with pooled keys."""
    shape = 64, 3136, 256
    scores = 4 * shape[0] * shape[1] ** 2
    tensors = 2 * 4 * np.prod(shape)
    softmax = Case("softmax", 56, 256).needed_bytes()
    assert scores + tensors < softmax < 1.5 * (scores + tensors)
    pooled = Case("pooled", 56, 256).needed_bytes()
    assert softmax - pooled == pytest.approx(0.75 * scores, rel=0.01)
    assert Case("siamese", 56, 256).needed_bytes() < 4 * tensors
    assert Case("softmax", 56, 256, dtype="float16").needed_bytes() > softmax
