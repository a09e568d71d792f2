"""Classifies pictures with an exported SavedModel.

    python -m sanet_tf.predict --saved_model=DIR a.jpg b.png [--top=5] [--json]

A file that cannot be read is named on stderr, the others are classified all
the same, and the exit status is 1.
"""

import json
import sys
from pathlib import Path

from absl import flags

from sanet_tf import cli
from sanet_tf.errors import UserError

SAVED_MODEL = flags.DEFINE_string("saved_model", None, "folder of SavedModel")
TOP = flags.DEFINE_integer("top", 5, "number of classes", lower_bound=1)
JSON = flags.DEFINE_bool("json", False, "print JSON")


def main(paths):
    if SAVED_MODEL.value is None or not paths:
        raise UserError(
            "expected --saved_model=DIR and one or more pictures: "
            "python -m sanet_tf.predict --saved_model=DIR a.jpg b.png"
        )
    model = load_model(SAVED_MODEL.value)
    results = [classify(model, path, TOP.value) for path in paths]
    if JSON.value:
        print(json.dumps(results, indent=2))
    failed = False
    for result in results:
        if "error" in result:
            failed = True
            print(f"{result['file']}: {result['error']}", file=sys.stderr)
        elif not JSON.value:
            print(result["file"])
            for row in result["predictions"]:
                print(f"  {row['probability']:7.2%}  {row['name']}")
    return int(failed)


def load_model(path):
    """Loads a SavedModel of `sanet_tf.export`."""
    if not (Path(path) / "saved_model.pb").is_file():
        raise UserError(
            f"no SavedModel in {path}; expected a folder with saved_model.pb, "
            "as experiments/imagenet.py leaves in OUTPUT_DIR/saved_model"
        )
    tf = cli.load_tensorflow()
    try:
        model = tf.saved_model.load(path)
        model.serving_default, model.class_names  # noqa: B018
    except Exception as error:  # what a damaged file raises is not documented
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"{path} is damaged, or not a SavedModel of this package ({reason})"
        ) from error
    return model


def classify(model, path, top):
    """`{file, predictions: [{name, probability}]}`, or `{file, error}`."""
    from sanet_tf.data.decoding import ImageError, decode_image
    from sanet_tf.models import decode_predictions

    try:
        image = decode_image(path)
    except ImageError as error:
        return {"file": path, "error": str(error)}
    output = model.serving_default(image[None])["probabilities"].numpy()
    names = [name.decode() for name in model.class_names().numpy()]
    predictions = [
        {"name": name, "probability": probability}
        for name, probability in decode_predictions(output, top, names)[0]
    ]
    return {"file": path, "predictions": predictions}


if __name__ == "__main__":
    cli.run(main)
