"""Measures a volume restored by one, two and more processes of one machine.

    python profiling/run_cluster.py [--workers=1,2] [--shape=32,384,384]

A U-Net with SAO and random weights, on which the cost does not depend,
restores a volume to OME-Zarr with the means of the whole volume, by workers of
dask.distributed of one thread each; a tile is a chunk of the result. More
workers than cores cannot be faster.
Between machines network and storage count, which are not measured here. Time:
five minutes on two cores. Writes cluster.csv, cluster.md and a record of the
run; all is measured, and each result is compared with that of one tile.
"""

import collections
import statistics
import tempfile
import time
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flag_types.define_sizes(
    "workers", ["1", "2"], "numbers of workers, rising", example="1,2,4"
)
flag_types.define_sizes(
    "shape", ["32", "384", "384"], "voxels along Z,Y,X", axes=3
)
flag_types.define_sizes(
    "n_tiles", ["1", "3", "3"], "tiles along Z,Y,X", axes=3, example="1,4,4"
)
flags.DEFINE_integer("n_first", 16, "channels at full resolution", 1)
flags.DEFINE_integer("repeats", 2, "timed restorations, after a first one", 1)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils import backends
    from sanet_tf.utils.files import (
        make_directory,
        write_csv,
        write_json,
        write_text,
    )

    workers = flag_types.numbers("workers") or ()
    if [*workers] != sorted({*workers}) or not workers:
        raise UserError(
            "expected --workers as rising whole numbers, for example 1,2,4; "
            f"got {','.join(FLAGS.workers)}"
        )
    backends.load_tensorflow()
    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder))
        for count in workers:
            rows += bench.rows(count)
            print("\n".join(map(_line, rows[-len(PASSES) :])), flush=True)
    write_csv(output / "cluster.csv", rows)
    write_text(output / "cluster.md", _page(rows, record))
    write_json(output / "cluster.run.json", record)
    print(f"wrote {output}/: cluster.csv, cluster.md")


PASSES = ("intensities", "means", "tiles", "all")
STEPS = {
    **{"collect": "intensities", "gather": "means", "restore": "tiles"},
    "shrink": "copies",  # of large volumes; in the time of all alone
}


class _Bench:
    """A model and a volume in files, and what one process makes of it."""

    def __init__(self, folder):
        import keras
        import numpy as np
        import tifffile

        from sanet_tf.restoration import SiameseCARE, SiameseConfig

        keras.utils.set_random_seed(0)
        config = SiameseConfig("ZYX", unet_n_first=FLAGS.n_first)
        self.model = SiameseCARE(config, "model", folder)
        for weight in self.model.keras_model.weights:
            if weight.path.endswith("gamma"):  # the attention's begin at zero
                weight.assign(weight + 1)
        weights = self.model.logdir / "weights_best.h5"
        self.model.keras_model.save_weights(weights)
        self.folder, self.source = folder, folder / "volume.tif"
        shape = flag_types.numbers("shape")
        ramp = np.linspace(0, 20_000, shape[0]).astype(np.uint16)
        noise = np.random.default_rng(0).integers(0, 9_999, shape, np.uint16)
        tifffile.imwrite(
            self.source,
            noise + ramp[:, None, None],
            imagej=True,
            metadata={"axes": "ZYX"},
        )
        self.expected = self._restore("expected", None, (1, 1, 1))

    def rows(self, count):
        """Of one number of workers, a row a pass and one of all."""
        import numpy as np

        from sanet_tf.restoration.distributed.cluster import connect

        seconds = collections.defaultdict(list)
        with connect(f"local:{count}", threads=1) as cluster:
            for repeat in range(FLAGS.repeats + 1):
                timed = _Timed(cluster)
                start = time.perf_counter()
                found = self._restore(f"by-{count}-{repeat}", timed)
                timed.seconds["all"] = time.perf_counter() - start
                for name, spent in timed.seconds.items():
                    seconds[name].append(spent)
        apart = np.abs(found - self.expected).max() / self.expected.std()
        return [
            {
                "workers": count,
                "pass": name,
                "passes": timed.passes[name],
                **_spread(seconds[name][1:]),
                "voxels_per_worker_second": round(
                    self.expected.size
                    * max(1, timed.passes[name])
                    / statistics.median(seconds[name][1:])
                    / count
                ),
                "largest_difference": float(f"{apart:.1e}"),
            }
            for name in PASSES
        ]

    def _restore(self, name, executor, n_tiles=None):
        from sanet_tf.commands.restore_stack import restore_stack
        from sanet_tf.restoration.io.stack import open_stack

        target = self.folder / f"{name}.ome.zarr"
        counts = flag_types.numbers("n_tiles")
        sizes = zip(flag_types.numbers("shape"), counts, strict=True)
        restore_stack(
            *(self.model, self.source, target),
            executor=executor,
            n_tiles=n_tiles or counts,
            zarr_chunks=tuple(-(-size // count) for size, count in sizes),
        )
        return open_stack(target).data[...]


class _Timed:
    """An executor that measures how long each step takes."""

    def __init__(self, executor):
        self._executor = executor
        self.workers, self.shares = executor.workers, executor.shares
        self.tile_bytes = executor.tile_bytes
        self.seconds = collections.Counter()
        self.passes = collections.Counter()

    def run(self, opened, step, tasks):
        start = time.perf_counter()
        yield from self._executor.run(opened, step, tasks)
        self.seconds[STEPS[step]] += time.perf_counter() - start
        self.passes[STEPS[step]] += 1


def _spread(values):
    low, _, high = (
        statistics.quantiles(values, n=4) if len(values) > 1 else 3 * values
    )
    return {
        "seconds": round(statistics.median(values), 2),
        "spread": round((high - low) / 2, 2),
    }


def _line(row):
    return (
        f"{row['workers']} workers, {row['pass']}: {row['seconds']} s "
        f"({row['spread']})"
    )


def _page(rows, record):
    shape = " x ".join(FLAGS.shape)
    lines = [
        "# A volume restored by several processes",
        "",
        f"`{record['command']}`",
        "",
        f"*Measured* on {record['machine']}: {shape} voxels of uint16 in "
        f"{'x'.join(FLAGS.n_tiles)} tiles, a U-Net of {FLAGS.n_first} channels "
        "with SAO, statistics of the whole volume, one thread a worker; "
        "median, in brackets half the interquartile range. The largest "
        "difference is that from one tile of one process, in standard "
        "deviations of the result.",
        "",
        "| workers | pass | seconds | voxels/s a worker | difference |",
        "|---:|---|---:|---:|---:|",
        *(
            f"| {row['workers']} | {_named(row)} | {row['seconds']:.2f} "
            f"({row['spread']:.2f}) | {row['voxels_per_worker_second']:,} | "
            f"{row['largest_difference']:.0e} |"
            for row in rows
        ),
    ]
    return "\n".join(lines) + "\n"


def _named(row):
    times = f", {row['passes']} times" if row["passes"] > 1 else ""
    return row["pass"] + times


if __name__ == "__main__":
    cli.run(main)
