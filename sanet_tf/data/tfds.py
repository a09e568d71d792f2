"""Any image classification set of TensorFlow Datasets, ImageNet first."""

import contextlib
import socket
import urllib.parse
from pathlib import Path

from sanet_tf.data import tfds_splits
from sanet_tf.data.labelled import LabelledImages
from sanet_tf.utils.errors import UserError, did_you_mean, first_line, one_line

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


def load(name, data_dir=None, download=False, train=None, val=None):
    """A prepared set as a `LabelledImages`.

    Args:
        name: as in the catalogue of TensorFlow Datasets.
        data_dir: where it is prepared; TFDS's own default if None.
        download: whether a missing set may be downloaded.
        train: the split to train on, or a slice, as in `tfds_splits.choose`.
        val: the same to validate with.

    Raises:
        UserError: unknown, not prepared, not for image classification, or
            without such splits.
    """
    import tensorflow_datasets as tfds

    directory = Path(data_dir or tfds.core.constants.DATA_DIR).expanduser()
    try:
        with contextlib.redirect_stdout(None):
            builder = tfds.builder(name, data_dir=directory)
    except tfds.core.DatasetNotFoundError as error:
        close = did_you_mean(name, tfds.list_builders())
        raise UserError(
            f"no data set is called {name!r}; {EXPECTED}{_hint(name) or close}"
        ) from error
    except (ValueError, AssertionError) as error:  # of its name or version
        reason = first_line(error)
        raise UserError(
            f"no data set {name!r} can be opened ({reason}); {EXPECTED}"
            f"{_hint(name)}"
        ) from error
    _check_features(builder)
    if not builder.is_prepared():
        if builder.info.splits:  # known from TFDS's own records, if online
            tfds_splits.choose(builder.info, train, val)
        _prepare(builder, directory, download)
    splits = tfds_splits.choose(builder.info, train, val)

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
    return LabelledImages(class_names, sizes, elements)


def _hint(name):
    """What was meant, where the name is no mistake of spelling."""
    if Path(name).is_dir():
        return f"; the folder is read by --dataset=folder --data_dir={name}"
    if "[" in name:
        return f"; for a slice of a set, {tfds_splits.EXAMPLE}"
    return ""


def _full_name(builder):
    """With the configuration, which `tfds build` would choose otherwise."""
    config = builder.builder_config
    return f"{builder.name}/{config.name}" if config else builder.name


def _prepare(builder, directory, download):
    name = _full_name(builder)
    if builder.name == "imagenet2012":
        raise UserError(IMAGENET.format(directory=directory))
    if not download:
        raise UserError(
            f"{name} is not prepared in {directory}; add --download, or "
            f"prepare it with: tfds build {name} --data_dir={directory}"
        )
    host = urllib.parse.urlparse(builder.info.homepage).hostname
    try:  # TFDS itself retries for minutes
        socket.create_connection((host, 443), timeout=5).close()
    except OSError as error:
        raise UserError(
            f"{name} is not prepared in {directory} and cannot be downloaded: "
            f"no connection to {host}. Prepare it elsewhere with: tfds build "
            f"{name}, and name its folder by --data_dir"
        ) from error
    try:
        builder.download_and_prepare()
    except Exception as error:  # of the network, a checksum, a manual download
        raise UserError(
            f"{name} could not be prepared in {directory}: {one_line(error)}"
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
