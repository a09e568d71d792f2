"""Opens a SavedModel of `sanet_tf.export` and classifies image files."""

from pathlib import Path

from sanet_tf import cli
from sanet_tf.data.decoding import ImageError, decode_image
from sanet_tf.errors import UserError


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
    # It imports TensorFlow, which `load_model` has made quiet.
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
