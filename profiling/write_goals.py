"""Holds the goals of speed and memory against the records of a folder.

    python profiling/write_goals.py [--output=results/profiling]

Hardware: any. Time: a second. Measures nothing: it reads what run_table2.py,
run_operators.py, run_latency.py, run_models.py and run_restoration.py have
written, and writes goals.md beside it.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help
from sanet_tf.utils.errors import UserError

FLAGS = flags.FLAGS

flags.DEFINE_string(
    "output", "runs/profiling", "folder that has the records, gets the page"
)
flag_help.alias("output_dir", "output")


def main(arguments):
    cli.no_arguments(arguments)
    import goals

    folder = Path(FLAGS.output)
    try:
        met, missed, unknown = goals.write(folder)
    except FileNotFoundError as error:
        raise UserError(
            f"expected a folder that has all records; {error.filename} is not "
            "there. docs/pages/measure.md says which command writes it"
        ) from error
    print(
        f"{met} met, {missed} missed, {unknown} not measured; wrote "
        f"{folder}/goals.md"
    )


if __name__ == "__main__":
    cli.run(main)
