"""Holds the operators against the memory bus, their baselines and targets.

    python profiling/run_operators.py [--size=56x256] [--peers]

Hardware: any with 8 GB free. Time: about five minutes on two cores. What is
compared is called in turn in one process, so that a machine that slows down
slows down both. Writes operators.csv (all times), targets.csv, operators.md
and a record of the run; all is measured.

The roofline of SAO is three passes over the tensor, two to read and one to
write, at the bandwidth of a copy of the same tensor on all cores. `x + 1`
reads and writes it once, into fresh pages as the operator does.
"""

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help
from sanet_tf.utils import backends

FLAGS = flags.FLAGS

flags.DEFINE_string("size", "56x256", "map of SAO, as SIDExCHANNELS")
flags.DEFINE_string("softmax_size", "28x128", "map of the forms of softmax")
flags.DEFINE_integer("small_batch", 8, "maps of the roofline", lower_bound=1)
flags.DEFINE_integer("large_batch", 64, "maps against x + 1", lower_bound=1)
flags.DEFINE_integer("repeats", 15, "timed calls of each", lower_bound=2)
flags.DEFINE_boolean("peers", False, "also PyTorch's attention, if installed")
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    from cases import parse_sizes

    (size,) = parse_sizes([FLAGS.size])
    (softmax_size,) = parse_sizes([FLAGS.softmax_size])
    backends.load_tensorflow()
    import operators_report
    from operator_groups import Bench

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import make_directory, write_json

    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    bench = Bench(FLAGS.repeats)
    targets = [
        *bench.roofline(size, FLAGS.small_batch),
        *bench.fresh_pages(size, FLAGS.large_batch),
        *bench.heads(size, FLAGS.small_batch),
        *bench.heads(size, FLAGS.large_batch),
        *bench.qk_norm(size, FLAGS.small_batch),
        *bench.softmax(softmax_size, FLAGS.small_batch),
        *bench.peers(size, FLAGS.small_batch, FLAGS.peers),
        *bench.memory(size, FLAGS.large_batch),
    ]
    operators_report.write(output, bench.rows, targets, record)
    write_json(output / "operators.run.json", record)
    print(f"wrote {output}/: operators.csv, targets.csv, operators.md")


if __name__ == "__main__":
    cli.run(main)
