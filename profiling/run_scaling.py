"""Measures time and memory of every operator against the number of positions.

    python profiling/run_scaling.py [--operators=siamese,softmax]
    python profiling/run_scaling.py --redraw --output=results/profiling

Hardware: any; an operator stops at the first map that does not fit into
memory or that would take longer than --max_seconds a call. Time: about ten
minutes on two cores. Every map is measured in a process of its own. Writes
scaling.csv, scaling.png and a record of the run with the exponents of N, in
2-D and in 3-D; all is measured. With --redraw the exponents and the figure
are made anew of the scaling.csv that is in --output.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_list(
    "operators",
    ["softmax", "pooled", "scaled", "siamese"],
    "names in sanet_tf.layers.QKV_ATTENTION",
)
flag_types.define_sizes(
    "sides_2d",
    [
        "14",
        "28",
        "40",
        "56",
        "80",
        "112",
        "160",
        "224",
        "500",
        "707",
        "1000",
        "1414",
        "2000",
    ],
    "sides of square maps, rising",
    example="14,28,56",
)
flag_types.define_sizes(
    "sides_3d",
    ["6", "10", "16", "20", "25", "40", "80", "100", "126", "159"],
    "sides of cubes, rising",
    example="6,10,20",
)
flags.DEFINE_integer("channels", 16, "channels", lower_bound=1)
flags.DEFINE_integer("repeats", 5, "timed calls of a map", lower_bound=2)
flags.DEFINE_float("max_seconds", 20, "longest call", lower_bound=0)
flags.DEFINE_boolean(
    "redraw", False, "draw anew what is in --output, and measure nothing"
)
flags.DEFINE_string(
    "output", "runs/profiling", "folder that receives the results"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    import measured
    import scaling

    from sanet_tf.utils.files import write_json

    output = Path(FLAGS.output)
    if FLAGS.redraw:
        rows, record = measured.read(output, "scaling")
    else:
        rows, record = _measure()
    slopes = scaling.slopes(rows)
    scaling.write_figure(output / "scaling.png", rows, slopes)
    write_json(output / "scaling.run.json", {**record, "slopes": slopes})
    for operator, own in slopes.items():
        for dimensions, (time, memory) in own.items():
            print(
                f"{operator:8} {dimensions} time ~ N^{time:.2f}, "
                f"memory ~ N^{memory:.2f}"
            )
    print(f"wrote {output}/: scaling.csv, scaling.png")


def _measure():
    """Measures, and writes scaling.csv; its rows and the record of the run."""
    import scaling
    from cases import Case, parse_operators

    from sanet_tf.training.record import run_record, script_flags
    from sanet_tf.utils.files import make_directory, write_csv

    operators = parse_operators(FLAGS.operators)
    sides = {2: _sides("sides_2d"), 3: _sides("sides_3d")}
    output = make_directory(FLAGS.output)
    record = run_record(script_flags())
    rows = []
    for operator in operators:
        for dimensions in sides:
            cases = [
                Case(operator, side, FLAGS.channels, 1, dimensions=dimensions)
                for side in sides[dimensions]
            ]
            rows += scaling.measure_until(
                cases, FLAGS.repeats, FLAGS.max_seconds
            )
    write_csv(output / "scaling.csv", rows)
    return rows, record


def _sides(flag):
    sides = [*(flag_types.numbers(flag) or ())]
    if not sides or sides != sorted(set(sides)):
        raise UserError(
            f"expected --{flag} as rising whole numbers, for example "
            f"14,28,56; got {','.join(FLAGS[flag].value)!r}"
        )
    return sides


if __name__ == "__main__":
    cli.run(main)
