"""Any image classification set of TensorFlow Datasets, ImageNet first."""

import contextlib
import socket
import urllib.parse
from pathlib import Path

from sanet_tf.data.source import Source
from sanet_tf.errors import UserError

SHUFFLE_BUFFER = 10_000
EXPECTED = (
    "expected imagenet2012, folder, digits or a name from the catalogue of "
    "TensorFlow Datasets"
)
IMAGENET = (
    "ImageNet is not prepared in {directory}. Register at image-net.org, put "
    "ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar into "
    "{directory}/downloads/manual and prepare them once with: "
    "tfds build imagenet2012 --data_dir={directory}. Or, with the images in "
    "DIR/train/<class>/ and DIR/val/<class>/: --dataset=folder --data_dir=DIR"
)


def load(name, data_dir=None, download=False):
    """A prepared set as a `Source`; its validation split, or test, is "val".

    Args:
        name: as in the catalogue of TensorFlow Datasets.
        data_dir: where it is prepared; TFDS's own default if None.
        download: whether a missing set may be downloaded.

    Raises:
        UserError: unknown, not prepared, or not for image classification.
    """
    import tensorflow_datasets as tfds

    directory = Path(data_dir or tfds.core.constants.DATA_DIR).expanduser()
    try:
        with contextlib.redirect_stdout(None):
            builder = tfds.builder(name, data_dir=directory)
    except tfds.core.DatasetNotFoundError as error:
        raise UserError(
            f"no data set is called {name!r}; {EXPECTED}"
        ) from error
    except (ValueError, AssertionError) as error:  # of its name or version
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"no data set {name!r} can be opened ({reason}); {EXPECTED}"
        ) from error
    _check_features(builder)
    if not builder.is_prepared():
        _prepare(builder, directory, download)
    splits = {"train": "train", "val": _validation_split(builder)}

    def elements(split, seed=None):
        config = tfds.ReadConfig(shuffle_seed=seed, add_tfds_id=True)
        dataset = builder.as_dataset(
            split=splits[split],
            decoders={"image": tfds.decode.SkipDecoding()},
            shuffle_files=seed is not None,
            read_config=config,
        )
        if seed is not None:
            dataset = dataset.shuffle(SHUFFLE_BUFFER, seed)
        return dataset.map(lambda e: (e["tfds_id"], e["image"], e["label"]))

    sizes = {
        split: builder.info.splits[splits[split]].num_examples
        for split in splits
    }
    class_names = tuple(builder.info.features["label"].names)
    return Source(class_names, sizes, elements)


def _prepare(builder, directory, download):
    if builder.name == "imagenet2012":
        raise UserError(IMAGENET.format(directory=directory))
    if not download:
        raise UserError(
            f"{builder.name} is not prepared in {directory}; add --download, "
            f"or prepare it with: tfds build {builder.name} "
            f"--data_dir={directory}"
        )
    host = urllib.parse.urlparse(builder.info.homepage).hostname
    try:  # TFDS itself retries for minutes
        socket.create_connection((host, 443), timeout=5).close()
    except OSError as error:
        raise UserError(
            f"{builder.name} is not prepared in {directory} and cannot be "
            f"downloaded: no connection to {host}. Prepare it elsewhere with: "
            f"tfds build {builder.name}, and name its folder by --data_dir"
        ) from error
    try:
        builder.download_and_prepare()
    except Exception as error:  # of the network, a checksum, a manual download
        raise UserError(
            f"{builder.name} could not be prepared in {directory}: "
            f"{' '.join(str(error).split())}"
        ) from error


def _check_features(builder):
    from tensorflow_datasets import features as kinds

    features = dict(builder.info.features.items())
    if not (
        isinstance(features.get("image"), kinds.Image)
        and isinstance(features.get("label"), kinds.ClassLabel)
    ):
        found = [f"{k} ({type(v).__name__})" for k, v in features.items()]
        raise UserError(
            f"{builder.name} is not a set for image classification: expected "
            "the features image (Image) and label (ClassLabel), found "
            f"{', '.join(found)}"
        )


def _validation_split(builder):
    for split in ("validation", "test"):
        if split in builder.info.splits and "train" in builder.info.splits:
            return split
    raise UserError(
        f"{builder.name} has no split to train on and to validate with: "
        "expected train and validation or test, found "
        f"{', '.join(builder.info.splits)}"
    )
