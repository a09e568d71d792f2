r"""Exports a trained network to a folder that runs where this package is not.

    sanet export --model=RUN_DIR --format=litert --output=DIR
    sanet export --model=RUN_DIR --format=onnx --output=DIR \
        --quantize=int8 --calibration=FOLDER_OF_PICTURES

RUN_DIR is the --output of `sanet train`, of `sanet train-restoration` or of
experiments/cifar.py. The exported network is compared with the trained
one on random input, and on what --calibration names, before it is written.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help
from sanet_tf.export import FORMATS, QUANTIZATIONS, manifest
from sanet_tf.export.layouts import LAYOUTS
from sanet_tf.utils import backends, files
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.program import program

USAGE = "--model=RUN_DIR --format=litert --output=DIR"

with flag_help.group("model"):
    MODEL = flags.DEFINE_string("model", None, "folder of the training")
    flag_help.alias("weights", "model")
with flag_help.group("input"):
    CALIBRATION = flags.DEFINE_list(
        "calibration",
        None,
        "pictures, stacks, or folders of them, to compare on; "
        "--quantize=int8 needs them",
    )
with flag_help.group("output"):
    OUTPUT = flags.DEFINE_string(
        "output", None, "folder to write; that of an older export is replaced"
    )
    FORMAT = flags.DEFINE_enum(
        "format", "saved_model", [*FORMATS], "format of the network"
    )
    QUANTIZE = flags.DEFINE_enum(
        "quantize",
        "none",
        QUANTIZATIONS,
        "weights as 8-bit integers (dynamic), activations too (int8), or "
        "weights as float16",
    )
    LAYOUT = flags.DEFINE_enum(
        "layout",
        "plain",
        LAYOUTS,
        "for TensorFlow Serving or Triton: a version's folder, and "
        "configuration",
    )


def main(arguments):
    cli.no_arguments(arguments)
    if MODEL.value is None or OUTPUT.value is None:
        raise UserError(f"expected --model and --output: {program()} {USAGE}")
    from sanet_tf.export import writing

    output = Path(OUTPUT.value)
    writing.check_options(FORMAT.value, QUANTIZE.value, LAYOUT.value)
    if QUANTIZE.value == "int8" and not CALIBRATION.value:
        raise UserError(writing.NOTHING_TO_CALIBRATE)
    _check_output(output)
    cli.check_models(MODEL.value)
    backends.load_tensorflow()
    written = writing.export(
        _program(Path(MODEL.value)),
        output,
        FORMAT.value,
        QUANTIZE.value,
        LAYOUT.value,
    )
    _report(written, output)


def _check_output(output):
    """Only an older export is replaced."""
    taken = output.exists() and (not output.is_dir() or any(output.iterdir()))
    if taken and not (output / manifest.NAME).is_file():
        raise UserError(
            f"--output={output} exists and is no exported network; name "
            "another folder"
        )


def _program(path):
    from sanet_tf import restoration
    from sanet_tf.export import classifier, pictures
    from sanet_tf.export.restoration import read_stacks, restoration_program
    from sanet_tf.training.trained import load_trained

    given = CALIBRATION.value or ()
    # as `sanet train-restoration` leaves it
    inside = files.inside(path, "model")
    for folder in (path, inside):
        if (folder / "config.json").is_file():
            model = restoration.load(folder)
            if QUANTIZE.value == "int8":
                raise UserError(
                    "--quantize=int8 is for classifiers; --quantize=dynamic "
                    "and --quantize=float16 shrink restoration networks"
                )
            return restoration_program(model, read_stacks(model, given))
    trained = load_trained(path)
    return classifier.classifier_program(
        trained.model,
        trained.class_names,
        FORMATS[FORMAT.value].RESIZES,
        classifier.scaled(trained),
        pictures.read(given),
    )


def _report(written, output):
    checks = written["checks"]
    print(
        f"largest difference from the trained network: "
        f"{checks['difference']:.1e} of the largest output"
    )
    if "top1_agreement" in checks:
        print(
            f"same most probable class on {checks['top1_agreement']:.1%} of "
            f"{checks['real']} pictures"
        )
    size = sum(file.stat().st_size for file in output.rglob("*"))
    print(f"wrote {output} ({size / 1e6:.1f} MB)")


if __name__ == "__main__":
    cli.run(main)
