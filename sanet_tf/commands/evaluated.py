"""Trained and exported classifiers, and the labelled pictures of a split."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from sanet_tf import inference
from sanet_tf.data import cifar, load_arrays, load_source
from sanet_tf.data.decoding import Decoder
from sanet_tf.data.image_files import find_images
from sanet_tf.export import manifest
from sanet_tf.utils import backends
from sanet_tf.utils.errors import UserError

BATCH = 64


@dataclasses.dataclass(frozen=True)
class Evaluated:
    """A classifier at one image size.

    Attributes:
        kind: "run" or the format of the exported network.
        class_names: the name of each class.
        image_size: side in pixels of what the network sees.
        predict: function of a list of pictures, `(H, W, 3)` uint8, to
            probabilities `(B, classes)`.
    """

    kind: str
    class_names: tuple[str, ...]
    image_size: int
    predict: Callable


def load(path, sizes):
    """Opens a network at each of some image sizes.

    Args:
        path: folder of a run, or of an exported network.
        sizes: sides in pixels; none: the network's own.

    Yields:
        An `Evaluated` each.

    Raises:
        UserError: there is no classifier, or it has another size.
    """
    path = Path(path)
    if (path / "run.json").is_file() and not (path / manifest.NAME).is_file():
        yield from _load_run(path, sizes)
        return
    classifier = inference.load(path)
    if not isinstance(classifier, inference.Classifier):
        raise UserError(
            f"{path} restores stacks, expected a classifier: sanet restore "
            f"--model={path} in.tif --output=DIR"
        )
    about = classifier.manifest
    for size in sizes or [about["image_size"]]:
        if size != about["image_size"]:
            raise UserError(
                f"{path} was exported for --image_size={about['image_size']}, "
                f"got {size}; the folder of a run takes any size"
            )
        yield Evaluated(
            about["format"], classifier.class_names, size, classifier.predict
        )


def read(dataset, data_dir, split, class_names, skipped):
    """The labelled pictures of a split.

    Args:
        dataset: "cifar10", "cifar100", or a name that `load_source` takes.
        data_dir: where it lies.
        split: "train" or "val".
        class_names: those of a network, whose order decides the labels.
        skipped: `{name: reason}`, which receives what could not be read.

    Yields:
        `(images, labels)`, at most `BATCH` of each.

    Raises:
        UserError: it is not there, or has other classes.
    """
    if dataset in cifar.CLASSES:
        data = load_arrays(dataset, data_dir)
        labelled = zip(*data.splits[split], strict=True)
    else:
        data = load_source(dataset, data_dir)
        labelled = _decoded(data, split, skipped)
    labels = _labels(data.class_names, class_names)
    yield from _batches((image, labels[label]) for image, label in labelled)


def read_pictures(paths, class_names, skipped):
    """Pictures whose class is the name of the folder in which they lie.

    Args:
        paths: of pictures, and of folders in which all are taken.
        class_names: those of a network, whose order decides the labels.
        skipped: `{name: reason}`, which receives what could not be read, is
            no picture, or is of no class.

    Yields:
        `(images, labels)`, at most `BATCH` of each.
    """
    files = []
    for path in paths:
        images, others = find_images(path)
        skipped.update((str(file), "no image by its name") for file in others)
        if not images:
            skipped[str(path)] = "a folder without images"
        files += images
    yield from _batches(_labelled(files, class_names, skipped))


def _labelled(files, class_names, skipped):
    decoder = Decoder()
    for file in files:
        name = os.path.basename(os.path.dirname(os.path.abspath(file)))
        if name not in class_names:
            skipped[str(file)] = f"the folder {name} is no class of the network"
            continue
        image, readable = decoder(str(file), b"")
        if readable:
            yield image, [*class_names].index(name)
    skipped.update(decoder.skipped)


def _batches(labelled):
    images, numbers = [], []
    for image, number in labelled:
        images.append(image)
        numbers.append(number)
        if len(images) == BATCH:
            yield images, numbers
            images, numbers = [], []
    if images:
        yield images, numbers


def _load_run(path, sizes):
    tf = backends.load_tensorflow()
    from sanet_tf.data.preprocessing import resize_and_crop
    from sanet_tf.export.classifier import probabilities, scaled
    from sanet_tf.training.trained import load_trained

    trained = load_trained(path)
    crops = scaled(trained) != trained.image_size

    def evaluated(size):
        model = trained.at_size(size)

        # Of prepared pictures, which are of the right size.
        run = tf.function(lambda images: probabilities(model, images, size))

        def prepare(image):
            if crops:
                return resize_and_crop(image, size)
            return tf.image.resize(image, (size, size), antialias=True)

        def predict(images):
            return run(tf.stack([prepare(image) for image in images])).numpy()

        return Evaluated("run", trained.class_names, size, predict)

    yield from map(evaluated, sizes or [trained.image_size])


def _decoded(source, split, skipped):
    decoder = Decoder()
    for name, encoded, label in source.elements(split).as_numpy_iterator():
        image, readable = decoder(name, encoded)
        if readable:
            yield image, label
    skipped.update(decoder.skipped)


def _labels(found, expected):
    """The number of each class of the data among those of the network."""
    if set(found) != set(expected):
        missing = sorted({*expected} - {*found})[:5]
        unknown = sorted({*found} - {*expected})[:5]
        raise UserError(
            f"expected the {len(expected)} classes of the network in the "
            f"data; it lacks {', '.join(missing) or 'none'} and has also "
            f"{', '.join(unknown) or 'none'}"
        )
    return [list(expected).index(name) for name in found]
