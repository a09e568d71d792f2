"""Flags of distribution that contradict each other, or their backend."""

import subprocess

import pytest

from sanet_tf.training.choose_distribution import choose
from sanet_tf.utils.errors import UserError
from tests.command_line import ROOT, SHELL, arguments, run_many
from tests.experiments.conftest import error_line

SCRIPT = "experiments/cifar.py"
TWO = ("--distribution=data_parallel", "--num_processes=2")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((None, "a:1"), "--coordinator goes with --distribution=data_parallel"),
        (("mirrored", None, 2), "--num_processes goes with --distribution=da"),
        (("none", None, 1, 1), "--process_id=1 and --distribution=none"),
        (("data_parallel", None, 2), "needs --coordinator=HOST:PORT"),
        (("data_parallel", "host", 2), "got host"),
        (("data_parallel", "host:1", 2, 2), "--process_id from 0 to 1 with"),
    ],
)
def test_contradictions(given, message):
    with pytest.raises(UserError, match=message):
        choose(*given)


def test_one_line_each(tmp_path):
    """On TensorFlow, with one device."""
    cases = {
        "expected the environment variable KERAS_BACKEND=jax, got tensorflow": [
            "--distribution=data_parallel"
        ],
        "several GPUs, and TensorFlow finds 0": ["--distribution=mirrored"],
        "--coordinator goes with": ["--coordinator=host:1"],
        "that --accumulate_steps=3 divides; got 100": ["--accumulate_steps=3"],
        "that 4 divides, 4 accumulated steps on 1 devices; got 1437": [
            "--accumulate_steps=4",
            "--batch_size=2000",
        ],
    }
    shared = ("--dataset=digits", "--model=mobilenet_v1", "--alpha=0.1")
    flags = [
        [*shared, *given, f"--output_dir={tmp_path / str(number)}"]
        for number, given in enumerate(cases.values())
    ]
    for message, result in zip(cases, run_many(SCRIPT, flags), strict=True):
        assert message in error_line(result)


def test_several_processes_on_tensorflow():
    """The line is said once, though a parent watches over the process."""
    result = subprocess.run(
        arguments(SCRIPT, *TWO, "--coordinator=127.0.0.1:1"),
        cwd=ROOT,
        env={**SHELL, "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "KERAS_BACKEND=jax, got tensorflow" in error_line(result)
