"""Measures how fast networks are where they run: latency of every format.

    python profiling/run_latency.py [--networks=sanet,mobilenet_v2]

The graph that Keras makes of a network, and its exported files: SavedModel,
LiteRT and ONNX, folded (`sanet_tf.export.folding`); beside them MobileNetV2 of
keras.applications, exported the same way, and torchvision's where PyTorch is
installed. Hardware: any; the machine must have nothing else to do. Time: about
six minutes on two cores. Every number of threads and batch size has a process
of its own, in which all calls are made in turn, so that their ratios hold on a
machine whose speed varies. Weights are random. Writes latency.csv, latency.md,
latency.png and a record of the run; all is measured.
"""

import tempfile
from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.commands.network_names import NETWORKS

FLAGS = flags.FLAGS

flag_types.define_names(
    "models", ["sanet", "mobilenet_v2"], NETWORKS, "networks to measure"
)
flag_help.alias("networks", "models", is_shown=True)
flags.DEFINE_bool(
    "unfolded", False, "measure files whose layers are not folded, too"
)
flags.DEFINE_bool("int8", False, "measure LiteRT and ONNX files of 8 bits, too")
flag_types.define_sizes(
    "threads", ["1", "2"], "threads of an operation", example="1,2"
)
flag_types.define_sizes(
    "batch_sizes", ["1", "32"], "images in a call", example="1,32"
)
flags.DEFINE_integer("image_size", 224, "side in pixels", lower_bound=32)
flags.DEFINE_integer(
    "repeats", 40, "timed calls of each with one image", lower_bound=2
)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    import latency
    import latency_networks
    import latency_report

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import make_directory
    from sanet_tf.utils.isolated import call_isolated

    threads = flag_types.numbers("threads")
    batch_sizes = flag_types.numbers("batch_sizes")
    latency.check_packages()
    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    size, rows = FLAGS.image_size, []
    with tempfile.TemporaryDirectory() as folder:
        names = call_isolated(
            latency_networks.write_networks,
            *(FLAGS.models, FLAGS.unfolded, FLAGS.int8, size, Path(folder)),
        )
        for batch_size in batch_sizes:
            for count in threads:
                case = latency.Case(names, size, batch_size, count)
                rows += call_isolated(
                    latency.measure_case, case, Path(folder), FLAGS.repeats
                )
                latency_report.show(rows[-1])
    latency_report.write(output, rows, record)


if __name__ == "__main__":
    cli.run(main)
