"""Counts parameters and multiply-adds of the networks beside the paper's.

    python profiling/count_models.py [--models=sanet,attnnet] [--output_dir=DIR]

Hardware: any. Time: seconds a model. Every count is exact.
"""

from pathlib import Path

from absl import flags

from sanet_tf import cli
from sanet_tf.errors import UserError
from sanet_tf.files import write_csv

MODEL_NAMES = flags.DEFINE_list("models", None, "models to count; all if none")
OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "where the CSV goes")

# Tables 3, 4 and 5 print millions; Table 7 prints both SANets to the digit.
PAPER = {  # model: (parameters, MAdd in millions)
    "sanet": ("3.44 m", 288),
    "attnnet": ("3.44 m", 365),
    "attnnet_pool": ("3.44 m", 300),
    "attnnet_scaled": ("3.44 m", 312),
    "sanet_no_attention": ("3.44 m", None),
    "sanet_no_global_term": ("3.44 m", None),
    "sanet_no_score_weights": ("3,449,408", None),
    "mobilenet_v2": ("3.47 m", 300),
    "mobilenet_v2_sao": ("3.47 m", None),
}
NOTES = {
    "sanet": (
        "Table 7 prints 3,448,448 here, with its two rows swapped: the "
        "network that trains w is the larger, by 960. Tables 3 to 5 cut "
        "3.449 m to 3.44 m. The paper's 288 m MAdd is below its own rule."
    ),
    "attnnet_pool": (
        "Counted as built there are 4 x 4 pooled positions on the 7 x 7 maps, "
        "not 49/4."
    ),
    "attnnet_scaled": (
        "The rule counts C x C products; with four heads they are four of "
        "C/4 x C/4, hence fewer as built."
    ),
    "sanet_no_attention": (
        "The paper's 3.44 m does not follow from its architecture: without "
        "the ten value projections 0.10 m go."
    ),
    "sanet_no_score_weights": (
        "Table 7 prints 3,449,408 here: the rows are swapped, see sanet."
    ),
    "mobilenet_v2": "With the bias of the FC layer, as in MobileNetV2.",
    "mobilenet_v2_sao": (
        "3.46 m, also without the bias of the FC layer (3,462,080); the "
        "paper prints 3.47 m."
    ),
}
COLUMNS = (
    "model",
    "parameters",
    "parameters_paper_rule",
    "paper_parameters",
    "madd",
    "madd_computed",
    "paper_madd",
)


def main(arguments):
    cli.no_arguments(arguments)
    cli.load_tensorflow()
    from sanet_tf.models import MODELS, UNETS

    known = [*MODELS, *UNETS]
    names = MODEL_NAMES.value or known
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UserError(
            f"expected --models among {', '.join(known)}; "
            f"got {', '.join(unknown)}"
        )
    classifiers = [name for name in names if name in MODELS]
    if classifiers:
        _write("counts.csv", _count_classifiers(classifiers, MODELS))
    unets = [name for name in names if name in UNETS]
    if unets:
        _write("unet_counts.csv", _count_unets(unets, UNETS))


def _count_classifiers(names, models):
    rows = []
    print(_line(COLUMNS))
    for name in names:
        rows.append(count(name, models[name]()))
        print(_line(rows[-1].values()), flush=True)
    print(
        "\nparameters: trainable; paper_rule: without BatchNorm. madd: one "
        "224 x 224 image,\nconvolutions, FC and attention by the paper's "
        "rule; madd_computed: products in the\nTensorFlow graph (SAO with "
        "its values folded behind the means). All exact;\npaper_*: quoted.\n"
    )
    for name in names:
        if name in NOTES:
            print(f"{name}: {NOTES[name]}")
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
    if OUTPUT_DIR.value:
        path = Path(OUTPUT_DIR.value) / name
        write_csv(path, rows)
        print(f"\nwrote {path}")


def count(name, model):
    """One row of the table, as a dictionary of COLUMNS."""
    from counting import count_computed_madd, count_madd, count_parameters

    paper_parameters, paper_madd = PAPER.get(name, (None, None))
    return {
        "model": name,
        "parameters": count_parameters(model),
        "parameters_paper_rule": count_parameters(model, batch_norm=False),
        "paper_parameters": paper_parameters,
        "madd": count_madd(model),
        "madd_computed": count_computed_madd(model),
        "paper_madd": paper_madd and paper_madd * 10**6,
    }


def _line(values):
    widths = (22, 10, 21, 16, 13, 13, 13)
    cells = [_cell(value) for value in values]
    return cells[0].ljust(widths[0]) + " ".join(
        cell.rjust(width)
        for cell, width in zip(cells[1:], widths[1:], strict=True)
    )


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
