r"""Every table of the papers, from the committed records.

    make tables

counts the networks (`profiling/count_models.py`) and then runs

    python experiments/make_tables.py [--results=results]

which writes TABLES.md there: Tables 1 to 9 of "Siamese Attention Networks" and
those of the SSA note. Nothing is trained or timed. Seconds, without TensorFlow.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli

FLAGS = flags.FLAGS
HEAD = """\
# The tables of the papers

Made by `make tables` from the records in this folder. Every column is one of

- *exact*: counted from the built networks, or calculated
  (`python profiling/count_models.py`);
- *measured*: here, by the command below the table;
- *quoted*: printed in the paper, and not checked by that;
- *recalled*: the same of a paper that was not at hand.

A dash is what was not measured or not printed. No network was trained on
ImageNet here: the papers' accuracies there are neither confirmed nor refuted.
MAdd are multiply-adds of one image of 224 × 224 pixels, 1,000 classes;
parameters are without BatchNorm where the paper's are. M: millions, which the
papers write m. Below a table are its differences from the printed one.
"""

flags.DEFINE_string("results", "results", "folder of the records")


def main(arguments):
    cli.no_arguments(arguments)
    from paper_tables import records

    from sanet_tf.utils import files

    results = Path(FLAGS.results)
    text = markdown(records.load(results))
    files.write_text(results / "TABLES.md", text)
    print(f"wrote {results}/TABLES.md")


def markdown(found):
    """The text of TABLES.md."""
    return "\n".join([HEAD, *(table.markdown() for table in tables(found))])


def tables(found):
    """All tables, in their order.

    Args:
        found: `paper_tables.records.Records`.
    """
    from paper_tables import (
        classification,
        counts,
        operators,
        quoted,
        restored,
        squash,
    )

    makers = (
        *(operators.table_1, operators.table_2),
        *(classification.table_3, classification.table_4),
        *(classification.table_5, restored.table_6, restored.unet_counts),
        *(classification.table_7, counts.table_8, restored.table_9),
        *(squash.note_1, squash.note_2, squash.note_3, squash.note_4),
    )
    shown = (
        *(quoted.TABLE_3, quoted.TABLE_4, quoted.TABLE_5, quoted.TABLE_7),
        *(quoted.NOTE_CIFAR_10, quoted.NOTE_MOBILENET),
    )
    return [
        *(make(found) for make in makers),
        counts.other_networks(found, shown),
    ]


if __name__ == "__main__":
    cli.run(main)
