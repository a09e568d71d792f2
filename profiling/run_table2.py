"""Regenerates Table 2 of the paper: memory and time of the operators.

    python profiling/run_table2.py [--sizes=14x64,28x128] [--peers]
    python profiling/run_table2.py --redraw --output=results/profiling

Hardware: any with 6 GB free for all twelve cases; those that do not fit are
left out and said. Time: about five minutes on two cores. Every case runs in a
process of its own. Writes table2.csv, table2.md, table2.png and a record of
the run. Multiply-adds are exact; memory and time are measured; the paper's
figures, beside them, are quoted. With --redraw table and figure are made anew
of the table2.csv that is in --output.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help

FLAGS = flags.FLAGS

flags.DEFINE_list(
    "sizes", ["14x64", "28x128", "56x256"], "maps, as SIDExCHANNELS"
)
flags.DEFINE_list(
    "operators",
    ["softmax", "pooled", "scaled", "siamese"],
    "names in sanet_tf.layers.QKV_ATTENTION",
)
flags.DEFINE_integer("batch_size", 64, "maps in a batch", lower_bound=1)
flags.DEFINE_integer("repeats", 10, "timed calls of a case", lower_bound=2)
flags.DEFINE_integer("threads", None, "threads; one a core if none", 1)
flags.DEFINE_enum(
    "dtype", "float32", ["float32", "float16", "bfloat16"], "type of the input"
)
flags.DEFINE_boolean(
    "redraw", False, "draw anew what is in --output, and measure nothing"
)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the table"
)
flag_help.alias("output_dir", "output")
flags.DEFINE_string(
    "trace_dir", None, "also writes traces for TensorBoard and XProf there"
)
flags.DEFINE_boolean(
    "peers", False, "also Keras's and, if installed, PyTorch's attention"
)


def main(arguments):
    cli.no_arguments(arguments)
    import measured
    import table2

    output = Path(FLAGS.output)
    if FLAGS.redraw:
        rows, record = measured.read(output, "table2")
    else:
        rows, record = _measure_all()
    table2.write(output, rows, record)
    print(f"wrote {output}/: table2.csv, table2.md, table2.png")


def _measure_all():
    """The rows of all cases, and the record of the run, which is written."""
    import table2
    from cases import PEERS, Case, parse_operators, parse_sizes
    from tqdm import tqdm

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import make_directory, write_json

    operators = parse_operators(FLAGS.operators)
    if FLAGS.peers:
        operators += PEERS
    cases = [
        Case(
            operator,
            *size,
            FLAGS.batch_size,
            FLAGS.dtype,
            FLAGS.threads or None,
        )
        for size in parse_sizes(FLAGS.sizes)
        for operator in operators
    ]
    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    rows = []
    with tqdm(cases, unit="case") as progress:
        for case in progress:
            progress.set_postfix_str(f"{case.size} {case.operator}")
            rows.append(table2.row(case, measure(case)))
            progress.write(table2.line(rows[-1]))
    table2.compare(rows)
    write_json(output / "table2.run.json", record)
    return rows, record


def measure(case):
    """What a process of its own measures, or `{"note": why not}`."""
    from measure_case import measure_case

    from sanet_tf.utils.errors import UserError
    from sanet_tf.utils.isolated import call_isolated
    from sanet_tf.utils.memory import free_bytes

    needed, free = case.needed_bytes(), free_bytes()
    if needed > free:
        return {
            "note": f"needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB free"
        }
    try:
        return call_isolated(measure_case, case, FLAGS.repeats, FLAGS.trace_dir)
    except UserError as error:
        return {"note": str(error)}


if __name__ == "__main__":
    cli.run(main)
