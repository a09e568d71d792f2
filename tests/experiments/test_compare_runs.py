"""experiments/compare.py: its runs, side by side and one after the other.

Most are of a stand-in for experiments/cifar.py that learns nothing.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests import command_line as commands
from tests.experiments.conftest import error_line

SCRIPT = "experiments/compare.py"
STAND_IN = '''
import os, time
from pathlib import Path
from absl import flags
from sanet_tf.commands import cli
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError
from sanet_tf.training.record import script_flags
from sanet_tf.training.run_directory import RunDirectory

FLAGS = flags.FLAGS
flags.DEFINE_string("model", "a", "")
flags.DEFINE_integer("seed", 0, "")
flags.DEFINE_float("rate", 0.1, "")
flags.DEFINE_string("view", "whole", "")
flags.DEFINE_string("data_dir", None, "")
flags.DEFINE_string("output", None, "")
EVALUATION = ("view",)
TOP1 = {"a": 0.5, "b": 0.52, "diverges": 0.3, "fails": 0.3, "sleeps": 0.3}


def check_network(model):
    """All models take all flags."""


def main(arguments):
    """A run whose accuracy is in a table."""
    recorded = script_flags()
    del recorded["view"]
    run = RunDirectory(FLAGS.output, recorded)
    with open(run.path.parent / "begun.txt", "a") as file:
        file.write(f"{run.path.name}\\n")
    if FLAGS.model == "sleeps":
        files.write_text(run / "pid", str(os.getpid()))
        time.sleep(60)
    mended = (run.path.parent / "mended").exists()
    if FLAGS.model == "diverges" and not mended:
        raise UserError("the loss became nan at step 3 of epoch 1")
    if FLAGS.model == "fails":
        raise UserError("no such directory")
    if FLAGS.model == "breaks":
        raise KeyError("loss")
    print("epoch 1: loss 2")
    top1 = TOP1[FLAGS.model] + FLAGS.seed * 0.01
    entry = {"epoch": 1, "val_top1": top1, "val_top5": 0.9}
    data = {"name": "folder", "sha256": "12ab", "classes": 10}
    data |= {"images": {"train": 90, "val": 30}, "image_size": 32}
    names = "OMP_NUM_THREADS", "XLA_PYTHON_CLIENT_PREALLOCATE"
    metrics = {
        **{"best": {**entry, "val_top1": top1 + 0.1}, "last": entry},
        **{"parameters": 1000, "madd": 10**6, "seconds_per_epoch": 2.5},
        **{"backend": "jax", "device": "a device", "data": data},
        "cores": sorted(os.sched_getaffinity(0)),
        "environment": {name: os.environ.get(name) for name in names},
        "evaluation": {"view": FLAGS.view},
    }
    files.write_json(run / "metrics.json", metrics)


if __name__ == "__main__":
    cli.run(main)
'''
PROGRAM = """
import runpy, sys
sys.path[:0] = {path!r}
from sanet_tf.commands import network_names
# The stand-in's models are none of ours.
network_names.NETWORKS = ("a", "b", "breaks", "diverges", "fails", "sleeps")
sys.argv = ["experiments/compare.py", *sys.argv[1:]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def command(tmp_path):
    """Function of flags; gives compare.py on the stand-in, as a list."""
    folder = tmp_path / "script"
    folder.mkdir()
    (folder / "cifar.py").write_text(STAND_IN)
    program = PROGRAM.format(path=[str(folder), "experiments"])
    output = f"--output={tmp_path / 'out'}"
    return lambda *flags: [sys.executable, "-c", program, output, *flags]


@pytest.fixture
def run(command):
    """Function of flags that runs compare.py on the stand-in to its end."""
    return lambda *flags: subprocess.run(
        command(*flags),
        cwd=commands.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_resumes_and_never_repeats(run, tmp_path):
    """All models have a seed before one has the next; a failure is told."""
    output = tmp_path / "out"
    flags = ("--models=a,diverges,b", "--seeds=2", "--data_dir=/far/flowers")
    first = run(*flags)
    assert "2 of 6 runs diverged: diverges-seed0, " in error_line(first)
    begun = (output / "begun.txt").read_text().split()
    names = ("a-seed", "diverges-seed", "b-seed")
    assert begun == [f"{name}{seed}" for seed in (0, 1) for name in names]
    assert "a-seed0 | epoch 1: loss 2" in first.stdout
    assert "--- b-seed1 done after" in first.stdout
    table = (output / "compare.md").read_text()
    assert "failed: the loss became nan at step 3 of epoch 1" in table

    (output / "mended").touch()
    second = run(*flags)
    assert second.returncode == 0, second.stderr
    begun = (output / "begun.txt").read_text().split()
    assert begun[6:] == ["diverges-seed0", "diverges-seed1"]
    with open(output / "compare.csv", newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    assert float(rows["b"]["difference"]) == pytest.approx(0.02)
    assert float(rows["diverges"]["val_top1"]) == pytest.approx(0.305)

    other = error_line(run(*flags, "--rate=0.2"))
    assert "--rate was 0.1, is 0.2" in other
    assert "goes on" not in other
    assert len((output / "begun.txt").read_text().split()) == 8
    written = [*output.glob("*.*"), *output.glob("*/*.json")]
    assert len(written) == 6 + 2 * 6
    for path in written:
        assert b"/far" not in path.read_bytes()


def test_other_flags_of_the_evaluation_call_the_script_again(run, tmp_path):
    for view, count in (("whole", 1), ("whole", 1), ("half", 2)):
        result = run("--models=a", "--seeds=1", f"--view={view}")
        assert result.returncode == 0, result.stderr
        begun = (tmp_path / "out" / "begun.txt").read_text().split()
        assert begun == ["a-seed0"] * count


def test_a_number_of_seeds_for_each_network(run, tmp_path):
    result = run("--models=a,b", "--seeds=1,3")
    assert result.returncode == 0, result.stderr
    begun = (tmp_path / "out" / "begun.txt").read_text().split()
    assert begun == ["a-seed0", "b-seed0", "b-seed1", "b-seed2"]
    assert "| `b` | 3 | 53.00 ±" in result.stdout
    assert "reaches 4.3 standard errors from 3 seeds to each" in result.stdout
    assert "no intervals" not in result.stdout


@pytest.mark.parametrize(
    ("model", "reason"),
    [("fails", "no such directory"), ("breaks", "KeyError: 'loss'")],
)
def test_any_other_failure_ends_it(run, tmp_path, model, reason):
    line = error_line(run(f"--models={model},a", "--seeds=1"))
    assert f"the run {model}-seed0 failed: {reason}; when" in line
    assert line.endswith("the same command goes on from there")
    assert not (tmp_path / "out" / "compare.md").exists()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="has one core")
def test_side_by_side_on_cores_of_their_own(run, tmp_path):
    result = run("--models=a,b", "--seeds=2", "--processes=2", "--threads=1")
    assert result.returncode == 0, result.stderr
    metrics = [
        json.loads(path.read_text())
        for path in (tmp_path / "out").glob("*/metrics.json")
    ]
    used = {tuple(m["cores"]) for m in metrics}
    assert all(len(cores) == 1 for cores in used)
    for m in metrics:
        assert m["environment"] == {
            "OMP_NUM_THREADS": "1",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_the_runs(command, tmp_path, number):
    process = subprocess.Popen(
        command("--models=sleeps", "--seeds=1"),
        cwd=commands.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = tmp_path / "out" / "sleeps-seed0" / "pid"
    deadline = time.monotonic() + 30
    while not pid.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_too_few_cores(run):
    cores = len(os.sched_getaffinity(0))
    line = error_line(run("--models=a", f"--processes={cores + 1}"))
    assert f"at most {cores}, the cores of this machine; got" in line


@pytest.mark.slow
def test_real_runs(tmp_path):
    """A network on digits for an epoch; an unknown one is refused before."""
    flags = (
        *("--dataset=digits", "--image_size=32", "--alpha=0.1", "--epochs=1"),
        *("--batch_size=256", "--learning_rate=0.005", "--schedule=cosine"),
        *("--seeds=1", f"--output_dir={tmp_path / 'out'}"),
    )
    unknown = commands.run(SCRIPT, "--models=sanet,senet", *flags)
    assert "did you mean sanet?" in error_line(unknown)
    assert not (tmp_path / "out").exists()
    result = commands.run(SCRIPT, "--models=mobilenet_v2", *flags)
    assert result.returncode == 0, result.stderr
    with open(tmp_path / "out" / "compare.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    folder = tmp_path / "out" / "mobilenet_v2-seed0"
    metrics = json.loads((folder / "metrics.json").read_text())
    top1 = metrics["last"]["val_top1"]
    assert float(row["val_top1"]) == pytest.approx(top1, abs=1e-6)
    assert int(row["parameters"]) == metrics["parameters"]
    assert int(row["madd"]) == metrics["madd"]
