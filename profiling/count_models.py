"""Counts parameters and multiply-adds of the networks beside the papers'.

    python profiling/count_models.py [--networks=sanet,attnnet] [--output=DIR]

Hardware: any. Time: seconds a model. Every count is exact.
"""

from pathlib import Path

import published
from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help, flag_types
from sanet_tf.commands.network_names import NETWORKS, RESTORATION
from sanet_tf.utils import backends
from sanet_tf.utils.files import write_csv

FLAGS = flags.FLAGS

flag_types.define_names(
    "models",
    None,
    (*NETWORKS, *RESTORATION),
    "networks to count; none: all",
)
flag_help.alias("networks", "models", is_shown=True)
flags.DEFINE_string("output", None, "folder that receives the CSV")
flag_help.alias("output_dir", "output")

WIDTHS = {  # of the printed columns
    "model": 22,
    "parameters": 11,
    "parameters_paper_rule": 21,
    "paper_parameters": 16,
    "madd": 14,
    "madd_computed": 14,
    "paper_madd": 14,
}


def main(arguments):
    cli.no_arguments(arguments)
    backends.load_tensorflow()
    from sanet_tf.models import MODELS, UNETS

    names = FLAGS.models or [*MODELS, *UNETS]
    classifiers = [name for name in names if name in MODELS]
    if classifiers:
        _write("counts.csv", _count_classifiers(classifiers, MODELS))
    unets = [name for name in names if name in UNETS]
    if unets:
        _write("unet_counts.csv", _count_unets(unets, UNETS))


def _count_classifiers(names, models):
    rows = []
    print(_line(dict(zip(WIDTHS, WIDTHS, strict=True))))
    for name in names:
        rows.append(count(name, models[name]()))
        print(_line(rows[-1]), flush=True)
    print(
        "\nparameters: trainable; paper_rule: without BatchNorm. madd: one "
        "224 x 224 image,\nconvolutions, FC and attention by the papers' "
        "rules; madd_computed: products in the\nTensorFlow graph (SAO with "
        "its values folded behind the means). All exact;\npaper_*: quoted.\n"
    )
    for row in rows:
        if row["note"]:
            print(f"{row['model']}: {row['note']}")
    return rows


def _count_unets(names, unets):
    from unet_counts import count_unet, line

    rows = []
    print(
        "\nU-Net                  parameters    MAdd patch    MAdd volume"
        "   attention patch    attention volume"
    )
    for name in names:
        rows.append(count_unet(name, unets[name]))
        print(line(rows[-1]), flush=True)
    print(
        "\npatch: 16 x 64 x 64; volume: 95 x 1024 x 1024, padded to 96 "
        "planes. Attention: memory\nof its operators by the rule of Table 2. "
        "All exact."
    )
    return rows


def _write(name, rows):
    if FLAGS.output:
        path = Path(FLAGS.output) / name
        write_csv(path, rows)
        print(f"\nwrote {path}")


def count(name, model):
    """A row of counts.csv, as a dictionary."""
    from sanet_tf import profile
    from sanet_tf.models.counting import count_madd, count_parameters

    quoted = published.PUBLISHED.get(name, {})
    return {
        "model": name,
        "parameters": count_parameters(model),
        "parameters_paper_rule": count_parameters(model, batch_norm=False),
        "paper_parameters": quoted.get("paper_parameters"),
        "madd": count_madd(model),
        "madd_computed": profile(model, repeats=0).tree.madd,
        "paper_madd": quoted.get("paper_madd"),
        "source": quoted.get("source"),
        "note": published.NOTES.get(name),
    }


def _line(row):
    cells = [
        _cell(row[column]).rjust(width) for column, width in WIDTHS.items()
    ]
    return " ".join([cells[0].strip().ljust(WIDTHS["model"]), *cells[1:]])


def _cell(value):
    return (
        ""
        if value is None
        else f"{value:,}"
        if isinstance(value, int)
        else value
    )


if __name__ == "__main__":
    cli.run(main)
