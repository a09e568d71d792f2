"""Model packages for bioimage.io (specification 0.5).

    export_bioimageio(model, "model.zip", stack, name="CARE of nuclei", ...)
    bioimageio test model.zip

The weights are the zip for Fiji: one graph that TensorFlow 1.15 and 2 run, so
that Java and Python use the same file and need neither Keras nor sanet_tf.
Beside it: a test image and its restoration, the normalisation, the sizes that
the network takes, documentation and a picture.
"""

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from bioimageio.spec import (
    InvalidDescr,
    ModelDescr,
    ValidationContext,
    build_description,
    save_bioimageio_package,
)
from csbdeep.data import PercentileNormalizer
from PIL import Image

from sanet_tf.restoration.packages import (
    bioimageio_description as descriptions,
)
from sanet_tf.restoration.packages.fiji import export_fiji, percentiles
from sanet_tf.utils import files
from sanet_tf.utils.types import PathLike

OLDEST_TENSORFLOW = "1.15.0"
COVER = 400  # pixels of the picture's height; half its width


def export_bioimageio(
    model,
    path: PathLike,
    test_input: npt.ArrayLike,
    *,
    name: str,
    description: str,
    authors: Sequence[str | Mapping],
    license: str,
    notes: str = "",
    tags: Sequence[str] = (),
) -> Path:
    """Writes a bioimage.io model package, replacing an old one.

    Args:
        model: a csbdeep `CARE` or one with its attributes (`export_fiji`).
        path: file to write; `.zip` is added where it is missing.
        test_input: a small image as the microscope gives it, in the axes of
            the model, of which C may be missing if there is one channel. It
            is padded by mirroring to sizes that the network takes.
        name: letters, digits, spaces and `_+-()`, 5 to 128 characters.
        description: one or two sentences.
        authors: names, or dictionaries of bioimage.io's fields: `name`,
            `affiliation`, `orcid`, `email`, `github_user`.
        license: SPDX identifier such as "CC-BY-4.0".
        notes: Markdown for the documentation, such as what the network was
            trained on.
        tags: more tags, such as "nuclei".

    Returns:
        The `Path` that was written.

    Raises:
        ValueError: an argument that the specification refuses, a test image
            of other axes, not finite, or whose restoration is not, or a
            network that `export_fiji` refuses.
    """
    path = Path(path)
    if path.suffix != ".zip":
        path = path.with_name(f"{path.name}.zip")
    image = _padded(model, _with_channels(model, np.asarray(test_input)))
    about = {
        "name": name,
        "description": description,
        "authors": [
            {"name": author} if isinstance(author, str) else author
            for author in authors
        ],
        "license": license,
        "tags": [*descriptions.tags(model), *tags],
        "cite": [descriptions.CARE_PAPER],
    }
    text = descriptions.document(model, name, description, notes)
    with warnings.catch_warnings():
        # bioimageio.spec leaves it to Python to close what it reads.
        warnings.filterwarnings("ignore", "unclosed file", ResourceWarning)
        files.write_atomically(path, partial(_write, model, image, about, text))
    return path


def _write(model, image, about, text, archive):
    """Makes the files in a folder, the description of them, and the zip."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        restored = _restore(model, image)
        np.save(folder / "test_input.npy", image[np.newaxis])
        np.save(folder / "test_output.npy", restored[np.newaxis])
        _draw_cover(model, image, restored, folder / "cover.png")
        (folder / "README.md").write_text(text)
        export_fiji(model, folder / "tensorflow_saved_model.zip")
        content = {
            "type": "model",
            "format_version": ModelDescr.implemented_format_version,
            **about,
            "documentation": {"source": "README.md"},
            "covers": [{"source": "cover.png"}],
            "inputs": [descriptions.describe_input(model)],
            "outputs": [descriptions.describe_output(model)],
            "weights": {
                "tensorflow_saved_model_bundle": {
                    "source": "tensorflow_saved_model.zip",
                    "tensorflow_version": OLDEST_TENSORFLOW,
                    "comment": "Runs in TensorFlow 2 too.",
                }
            },
        }
        described = build_description(
            content, context=ValidationContext(root=folder)
        )
        if isinstance(described, InvalidDescr):
            errors = described.validation_summary.errors
            raise ValueError(
                "The package must fit the specification of bioimage.io. "
                f"Received: {'; '.join(map(_in_one_line, errors))}"
            )
        save_bioimageio_package(described, output_path=archive)


def _with_channels(model, image):
    """Checks the image and gives it a channel axis."""
    axes, channels = model.config.axes, model.config.n_channel_in
    if image.ndim == len(axes) - 1 and channels == 1:
        image = image[..., np.newaxis]
    if image.ndim != len(axes) or image.shape[-1] != channels:
        raise ValueError(
            f"`test_input` must have the axes {axes} and {channels} channels. "
            f"Received: test_input of shape {image.shape}"
        )
    if not np.isfinite(image).all():
        raise ValueError(
            "`test_input` must be finite. Received: test_input with NaN or inf"
        )
    return image


def _padded(model, image):
    padding = [
        (0, max(smallest, -(-size // step) * step) - size)
        for size, (smallest, step, _) in zip(
            image.shape[:-1], descriptions.limits(model).values(), strict=True
        )
    ]
    return np.pad(image, [*padding, (0, 0)], mode="symmetric")


def _restore(model, image):
    """What the package gives for the image, on the normalised scale."""
    normalizer = PercentileNormalizer(
        *percentiles(model), eps=descriptions.EPSILON
    )
    normalised = normalizer.before(image, model.config.axes)
    restored = np.asarray(model.keras_model(normalised[np.newaxis]))[0]
    if not np.isfinite(restored).all():
        raise ValueError(
            "The network must give finite values for `test_input`. Received: "
            "NaN or inf; take an image of more than a few bright pixels"
        )
    return restored


def _draw_cover(model, image, restored, path):
    """Before and after, side by side, twice as wide as high."""
    halves = []
    for volume, axes in (image, model.config.axes), (restored, model._axes_out):
        plane = volume[..., 0]
        if "Z" in axes:
            plane = plane.max(axis=axes.index("Z"))
        side = min(*plane.shape, COVER)
        plane = plane[:side, :side].astype(np.float32)
        low, high = np.percentile(plane, (1, 99.8))
        halves.append(np.clip((plane - low) / max(high - low, 1e-9), 0, 1))
    pixels = np.round(255 * np.hstack(halves)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def _in_one_line(error):
    place = ".".join(map(str, error.loc))
    return f"{place}: {' '.join(error.msg.split())}"
