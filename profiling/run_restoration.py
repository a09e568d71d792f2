"""Measures what restoring a volume costs, and a training step.

    python profiling/run_restoration.py [--shape=95,1024,1024]

Hardware: any with 8 GB free. Time: a minute for the default volume on two
cores, an hour for a whole Planaria stack. Each case is a process of its own.
The networks have random weights: the cost does not depend on them. The training
step is of noise, by patches of 16 x 64 x 64. Writes restoration.csv,
restoration.md and a record of the run. All measured, but for the predicted
memory.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.utils import backends

FLAGS = flags.FLAGS
STATISTICS = ("tile", "window", "volume")
ATTENTION = {  # and the statistics that it has
    "none": ("tile",),
    "siamese": STATISTICS,
    "softmax": ("tile",),
    "pooled": ("tile",),
    "scaled": ("tile", "volume"),
}

flag_types.define_sizes(
    "shape", ["32", "256", "256"], "voxels along Z,Y,X", axes=3
)
flag_types.define_names(
    "attention",
    ["none", "siamese"],
    tuple(ATTENTION),
    "attention of the U-Nets",
)
flag_help.alias("networks", "attention")
flag_types.define_names(
    "statistics",
    list(STATISTICS),
    STATISTICS,
    "where attention takes its means from, where it has the choice",
)
flag_types.define_sizes(
    "n_tiles",
    None,
    "tiles along Z,Y,X; none: as few as fit into memory",
    axes=3,
    example="1,4,4",
)
flags.DEFINE_integer("n_first", 32, "channels at full resolution", 1)
flags.DEFINE_integer("repeats", 3, "timed restorations", 1)
flags.DEFINE_integer(
    "batch_size", 16, "patches in a training step; 0: no step", lower_bound=0
)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")
flags.DEFINE_string("name", "restoration", "name of the files")


def main(arguments):
    cli.no_arguments(arguments)
    from restoration_cost import (
        VolumeCase,
        measure_volume,
        mebibytes,
        write_markdown,
    )

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import make_directory, write_csv, write_json
    from sanet_tf.utils.isolated import call_isolated

    shape = flag_types.numbers("shape")
    n_tiles = flag_types.numbers("n_tiles")
    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    rows = []
    for network in FLAGS.attention:
        known = ATTENTION[network]
        modes = [m for m in FLAGS.statistics if m in known] or ["tile"]
        for mode in modes:
            case = VolumeCase(
                *(network, mode, shape, n_tiles, FLAGS.n_first, FLAGS.repeats),
                # That is the same for all statistics.
                batch_size=FLAGS.batch_size if mode == modes[0] else 0,
            )
            row = call_isolated(
                measure_volume, case, prepare=backends.load_tensorflow
            )
            rows.append(row)
            write_csv(output / f"{FLAGS.name}.csv", rows)
            print(
                f"{network:8} {mode:6} {row['tiles']} tiles: "
                f"{row['seconds']:.2f} s, {mebibytes(row['peak_rss_bytes'])} "
                f"(predicted {mebibytes(row['predicted_bytes'])})",
                flush=True,
            )
    write_markdown(output / f"{FLAGS.name}.md", rows, record)
    write_json(output / f"{FLAGS.name}.run.json", record)
    print(f"wrote {output}/: {FLAGS.name}.csv, {FLAGS.name}.md")


if __name__ == "__main__":
    cli.run(main)
