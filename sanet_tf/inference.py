"""Trained and exported networks behind one `predict`.

    classifier = sanet_tf.load("sanet_litert")
    probabilities = classifier.predict(images)    (B, classes)
    classifier.class_names

    restoration = sanet_tf.load("care_onnx")
    restored = restoration.predict(stack, "ZYX")

TensorFlow is imported for what needs it: SavedModels and folders of training.
"""

import numbers
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sanet_tf.export import manifest
from sanet_tf.export.formats import FORMATS
from sanet_tf.export.layouts import place
from sanet_tf.export.pictures import check_pictures, prepare
from sanet_tf.utils import backends, files
from sanet_tf.utils.errors import UserError, first_line, one_line
from sanet_tf.utils.types import PathLike

if TYPE_CHECKING:
    from sanet_tf.restoration.care.care import (
        SiameseCARE,
        SiameseProjectionCARE,
    )
    from sanet_tf.restoration.packages.exported import ExportedRestoration


def load(
    path: PathLike,
    threads: int | None = None,
    providers: Sequence[str] | None = None,
) -> "Classifier | ExportedRestoration | SiameseCARE | SiameseProjectionCARE":
    """Opens a network, as it was trained or exported.

    Args:
        path: a folder of `sanet export`, the `saved_model` of a
            run, the folder of a run of `sanet train` or cifar.py, or of a
            restoration model, or its zip for Fiji.
        threads: that a call computes with; None: the runtime's own choice.
            TensorFlow keeps its first number in the whole process.
        providers: names of ONNX Runtime's execution providers; None: the
            CPU's.

    Returns:
        A `Classifier`, or a restoration network, which is an
        `ExportedRestoration` or a `SiameseCARE`; both have
        `predict(stack, axes)`. `predict` may be called from many threads.

    Raises:
        UserError: it is none of these, it is damaged, a package that the
            format needs is not installed, or the runtime cannot have these
            threads or providers.
        ValueError: `threads` is no positive integer.
    """
    if threads is not None:
        threads = _positive("threads", threads)
    path = Path(path)
    if (path / manifest.NAME).is_file():
        return _load_exported(path, threads, providers)
    if providers is not None:
        raise _no_providers(path)
    if path.suffix == ".zip" and path.is_file():
        return _load_zip(path, threads)
    if (path / "config.json").is_file():
        return _load_restoration(path, threads)
    if (path / "model" / "config.json").is_file():
        return _load_restoration(files.inside(path, "model"), threads)
    if (path / "run.json").is_file():
        return _load_run(path, threads)
    raise UserError(
        f"no network in {path}: expected the --output of `sanet export` or of "
        f"a training, or another folder with {manifest.NAME}"
    )


class Classifier:
    """A classifier of pictures, opened by `load`.

    Args:
        run: function from pictures `(B, H, W, 3)` uint8 to probabilities.
        class_names: the name of each class.
        sizes: `(image_size, scaled_size)` where pictures must be scaled and
            cropped before, None where `run` does it.
        manifest: of an exported network, or None.

    Attributes:
        class_names: the name of each class, a tuple.
        manifest: of an exported network, or None.
    """

    def __init__(
        self,
        run: Callable[[np.ndarray], np.ndarray],
        class_names: Sequence[str],
        sizes: tuple[int, int] | None = None,
        manifest: dict | None = None,
    ):
        self._run = run
        self._sizes = sizes
        self.class_names = tuple(class_names)
        self.manifest = manifest

    def predict(
        self, images: np.ndarray | Sequence[np.ndarray], batch_size: int = 32
    ) -> np.ndarray:
        """The probability of each class.

        Args:
            images: `(B, H, W, 3)` uint8 RGB, 0 to 255, of any size; or a list
                of `(H, W, 3)`, of different sizes.
            batch_size: pictures that the network is given at once; memory
                grows with it, not with B.

        Returns:
            `(B, classes)` float32.

        Raises:
            ValueError: images of another type or shape, or none, or
                `batch_size` is no positive integer.
        """
        size = _positive("batch_size", batch_size)
        batches = self._batches(check_pictures(images), size)
        return np.concatenate([self._run(batch) for batch in batches])

    def _batches(self, images, batch_size):
        for start in range(0, len(images), batch_size):
            part = images[start : start + batch_size]
            if self._sizes is not None:
                yield np.stack([prepare(image, *self._sizes) for image in part])
            elif isinstance(part, np.ndarray):
                yield part
            else:  # of different sizes
                yield from (image[None] for image in part)


def classify(classifier, path, top):
    """`{file, predictions: [{name, probability}]}`, or `{file, error}`."""
    from sanet_tf.data.decoding import ImageError, decode_image

    try:
        image = decode_image(path)
    except ImageError as error:
        return {"file": path, "error": str(error)}
    (row,) = classifier.predict([image])
    best = np.argsort(-row, kind="stable")[:top]
    predictions = [
        {"name": classifier.class_names[i], "probability": float(row[i])}
        for i in best
    ]
    return {"file": path, "predictions": predictions}


def _load_exported(path, threads, providers):
    about = manifest.read(path)
    options = {"threads": threads}
    if providers is not None:
        if about["format"] != "onnx":
            raise _no_providers(path)
        options["providers"] = providers
    try:
        format = FORMATS[about["format"]]
        with backends.silent_stderr():
            inside = place(path, about.get("layout", "plain"), about["format"])
            run = format.load(inside, about, **options)
        if about["kind"] == "classifier":
            sizes = about["image_size"], about["scaled_size"]
            return Classifier(
                run, about["labels"], None if format.RESIZES else sizes, about
            )
        from sanet_tf.restoration.packages.exported import ExportedRestoration

        return ExportedRestoration(run, about)
    except UserError:
        raise
    except Exception as error:  # what a foreign file raises is not documented
        reason = first_line(error)
        raise UserError(
            f"{path} is not a network of this package "
            f"({type(error).__name__}: {reason})"
        ) from error


def _load_restoration(path, threads):
    backends.load_tensorflow(threads=threads)
    from sanet_tf import restoration

    return restoration.load(path)


def _load_zip(path, threads):
    backends.load_tensorflow(threads=threads)
    from sanet_tf.restoration.packages.fiji_zip import load_zip

    try:
        with backends.silent_stderr():
            return load_zip(path)
    except Exception as error:  # what a damaged file raises is not documented
        reason = one_line(error)
        raise UserError(f"cannot load {path}: {reason}") from error


def _load_run(path, threads):
    backends.load_tensorflow(threads=threads)
    from sanet_tf.export.classifier import probabilities, scaled
    from sanet_tf.training.trained import load_trained

    trained = load_trained(path)

    def run(images):
        return probabilities(trained.model, images, scaled(trained)).numpy()

    return Classifier(run, trained.class_names)


def _positive(name, value):
    """A positive integer, also NumPy's, as Python's; else a ValueError."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError(
            f"`{name}` must be a positive integer. Received: {name}={value!r}"
        )
    return int(value)


def _no_providers(path):
    return UserError(
        f"{path} is no ONNX file: execution providers are ONNX Runtime's; "
        "export with --format=onnx"
    )
