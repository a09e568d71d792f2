r"""Measures training by one, two and more processes on this machine.

    python profiling/run_distribution.py --processes=1,2

Runs experiments/cifar.py on the digits, on JAX, with each number of processes,
which share the same batch; every process has one core of its own as long as
there are cores, so that one process is not helped by the others' cores. More
processes than cores cannot be faster. Between machines the network counts,
which is not measured here. Time: some minutes a number. Writes
distribution.csv, distribution.md and a record of the run; all is measured.
"""

import csv
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.commands.network_names import NETWORKS
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS
SCRIPT = Path(__file__).parents[1] / "experiments" / "cifar.py"

flag_types.define_sizes(
    "processes", ["1", "2"], "numbers of processes, rising", example="1,2,4"
)
flags.DEFINE_enum("model", "mobilenet_v1", NETWORKS, "the architecture")
flag_help.alias("network", "model", is_shown=True)
flags.DEFINE_float("alpha", 0.25, "width multiplier", lower_bound=0.01)
flags.DEFINE_integer("image_size", 32, "side in pixels", lower_bound=1)
flags.DEFINE_integer("batch_size", 120, "images in a step", lower_bound=1)
flags.DEFINE_integer("epochs", 5, "measured, after a first one", lower_bound=2)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import (
        make_directory,
        write_csv,
        write_json,
        write_text,
    )

    counts = _counts()
    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    rows = []
    for count in counts:
        rows.append(_row(count, _rates(count), rows))
        print(_line(rows[-1]), flush=True)
    write_csv(output / "distribution.csv", rows)
    write_text(output / "distribution.md", _page(rows, record["machine"]))
    write_json(output / "distribution.run.json", record)
    print(f"wrote {output}/: distribution.csv, distribution.md")


def _counts():
    counts = flag_types.numbers("processes") or ()
    if [*counts] != sorted({1, *counts}):
        raise UserError(
            "expected --processes as rising whole numbers from 1, for example "
            f"1,2,4; got {','.join(FLAGS.processes)}"
        )
    return counts


def _rates(count):
    """Images per second of each epoch, without the first, which compiles."""
    with tempfile.TemporaryDirectory() as folder:
        coordinator = f"127.0.0.1:{_free_port()}"
        cores = sorted(os.sched_getaffinity(0))
        processes = [
            subprocess.Popen(
                _command(folder, count, number, coordinator),
                env={
                    **os.environ,
                    "KERAS_BACKEND": "jax",
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                },
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=partial(
                    os.sched_setaffinity, 0, {cores[number % len(cores)]}
                ),
            )
            for number in range(count)
        ]
        errors = [process.communicate()[1] for process in processes]
        for process, error in zip(processes, errors, strict=True):
            if process.returncode:
                lines = error.strip().splitlines() or ["no reason"]
                raise UserError(f"a run of {count} failed: {lines[-1]}")
        with open(Path(folder) / "log.csv", newline="") as file:
            rows = list(csv.DictReader(file))
    return [float(row["images_per_second"]) for row in rows[1:]]


def _command(folder, count, number, coordinator):
    shared = {
        name: FLAGS[name].value
        for name in ("model", "alpha", "image_size", "batch_size")
    }
    own = {
        "dataset": "digits",
        "epochs": FLAGS.epochs + 1,
        "decay_epochs": "",
        "learning_rate": 0.01,
        "output": folder,
        "distribution": "data_parallel",
        "num_processes": count,
        "process_id": number,
        "coordinator": coordinator,
    }
    flags = {**shared, **own}
    return [
        sys.executable,
        str(SCRIPT),
        *(f"--{name}={value}" for name, value in flags.items()),
    ]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def _row(count, rates, rows):
    low, median, high = statistics.quantiles(rates, n=4)
    alone = rows[0]["images_per_second"] if rows else median
    return {
        "processes": count,
        "cores": min(count, len(os.sched_getaffinity(0))),
        "images_per_second": round(median, 1),
        "spread": round((high - low) / 2, 1),
        "speedup": round(median / alone, 3),
        "efficiency": round(median / alone / count, 3),
    }


def _line(row):
    return (
        f"{row['processes']} processes on {row['cores']} cores: "
        f"{row['images_per_second']} ({row['spread']}) images/s, efficiency "
        f"{row['efficiency']:.0%}"
    )


def _page(rows, machine):
    lines = [
        f"Measured by `python profiling/run_distribution.py` on {machine}: "
        f"`{FLAGS.model}`, alpha {FLAGS.alpha}, {FLAGS.image_size} pixels, "
        f"batch {FLAGS.batch_size} for all processes together; one core a "
        "process as long as there are cores; median over epochs, in brackets "
        "half the interquartile range. Efficiency is the speed-up over "
        "one process divided by the number of processes; where processes "
        "share cores it cannot stay near 100 %.",
        "",
        "| processes | cores | images/s | speed-up | efficiency |",
        "|---:|---:|---:|---:|---:|",
        *(
            f"| {row['processes']} | {row['cores']} | "
            f"{row['images_per_second']} ({row['spread']}) | "
            f"{row['speedup']:.2f} | {row['efficiency']:.0%} |"
            for row in rows
        ),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    cli.run(main)
