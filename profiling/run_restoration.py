"""Measures what restoring a volume costs: seconds, memory, tiles.

    python profiling/run_restoration.py [--shape=95,1024,1024]

Hardware: any with 8 GB free. Time: a minute for the default volume on two
cores, an hour for a whole Planaria stack. Each case is a process of its own.
The networks have random weights: the cost does not depend on them. Writes
restoration.csv, restoration.md and a record of the run. All measured, but for
the predicted memory.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS
STATISTICS = ("tile", "window", "volume")
NETWORKS = {  # and the statistics that their attention has
    "none": ("tile",),
    "siamese": STATISTICS,
    "softmax": ("tile",),
    "pooled": ("tile",),
    "scaled": ("tile", "volume"),
}

flags.DEFINE_list("shape", ["32", "256", "256"], "Z,Y,X voxels")
flags.DEFINE_list(
    "networks", ["none", "siamese"], f"attention: {', '.join(NETWORKS)}"
)
flags.DEFINE_list(
    "statistics", list(STATISTICS), "modes, where the attention has them"
)
flags.DEFINE_list("n_tiles", None, "tiles along Z,Y,X; from memory if none")
flags.DEFINE_integer("n_first", 32, "channels at full resolution", 1)
flags.DEFINE_integer("repeats", 3, "timed restorations", 1)
flags.DEFINE_string("output_dir", "runs/profiling", "where the results go")
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

    shape, n_tiles = _numbers("shape"), _numbers("n_tiles")
    networks = _among("networks", NETWORKS)
    statistics = _among("statistics", STATISTICS)
    output = make_directory(FLAGS.output_dir)
    record = run_record(script_flags())
    rows = []
    for network in networks:
        known = NETWORKS[network]
        for mode in [m for m in statistics if m in known] or ["tile"]:
            case = VolumeCase(
                *(network, mode, shape, n_tiles, FLAGS.n_first, FLAGS.repeats)
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


def _among(name, known):
    unknown = [value for value in FLAGS[name].value if value not in known]
    if unknown or not FLAGS[name].value:
        raise UserError(
            f"expected --{name} among {', '.join(known)}; "
            f"got {', '.join(unknown) or 'none'}"
        )
    return FLAGS[name].value


def _numbers(name):
    texts = FLAGS[name].value
    if texts is None:
        return None
    try:
        numbers = tuple(int(text) for text in texts)
    except ValueError:
        numbers = ()
    if len(numbers) != 3 or min(numbers) < 1:
        raise UserError(
            f"expected --{name} as three whole numbers such as 32,256,256; "
            f"got {','.join(texts)}"
        )
    return numbers


if __name__ == "__main__":
    cli.run(main)
