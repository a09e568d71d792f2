"""Draws what a trained network's attention looks at in a photograph.

    sanet explain --model=RUN_DIR photo.jpg [--output=FILE.png]

One figure: for every siamese attention operator the scores of each head over
the photograph, and how large its local and its global term are.
"""

from pathlib import Path

from absl import flags

from sanet_tf.commands import cli
from sanet_tf.commands.flags import flag_help
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError
from sanet_tf.utils.printing import printable
from sanet_tf.utils.program import program

USAGE = "--model=RUN_DIR photo.jpg [--output=FILE.png]"

with flag_help.group("model"):
    MODEL = flags.DEFINE_string(
        "model", None, "folder of a run of `sanet train` or cifar.py"
    )
with flag_help.group("output"):
    OUTPUT = flags.DEFINE_string(
        "output",
        None,
        "file of the figure, .png, .pdf or .svg; none: PHOTO-explained.png, "
        "here",
    )
SUFFIXES = (".png", ".pdf", ".svg")


def main(paths):
    if MODEL.value is None or len(paths) != 1:
        raise UserError(
            f"expected --model=RUN_DIR and one photograph: {program()} {USAGE}"
        )
    photograph = Path(paths[0])
    output = Path(OUTPUT.value or f"{photograph.stem}-explained.png")
    if output.suffix.lower() not in SUFFIXES:
        raise UserError(
            f"expected --output to end in {', '.join(SUFFIXES)}; got {output}"
        )
    if output.resolve() == photograph.resolve():
        raise UserError(f"--output={output} is the photograph; choose another")
    run = Path(MODEL.value)
    if any((run / name / "config.json").is_file() for name in ("", "model")):
        raise UserError(
            f"{run} restores stacks, expected a classifier: sanet restore "
            f"--model={run} in.tif --output=DIR"
        )
    cli.check_models(MODEL.value)
    backends.load_tensorflow()
    from sanet_tf.attention_maps import attention_maps, draw
    from sanet_tf.data.preprocessing import resize_and_crop
    from sanet_tf.models import preprocess_input
    from sanet_tf.training.trained import load_trained
    from sanet_tf.utils import files

    image = _read(photograph)
    trained = load_trained(MODEL.value)
    image = resize_and_crop(image, trained.image_size).numpy()
    try:
        maps, probabilities = attention_maps(
            trained.model, preprocess_input(image)
        )
    except ValueError as error:
        raise UserError(f"--model={MODEL.value}: {error}") from error
    best = probabilities.argmax()
    title = printable(
        f"{photograph.name}: {trained.class_names[best]}, "
        f"{probabilities[best]:.1%}"
    )
    files.write_figure(output, draw(image, maps, title))
    print(title)
    for attention in maps:
        print(
            f"  {attention.name}: local {attention.local_size:.3g}, "
            f"global {attention.global_size:.3g}"
        )
    print(printable(f"wrote {output}"))


def _read(path):
    from sanet_tf.data.decoding import ImageError, decode_image

    try:
        return decode_image(path)
    except ImageError as error:
        raise UserError(f"{path}: {error}") from error


if __name__ == "__main__":
    cli.run(main)
