"""Labelled images: a source each, as files or as arrays, and one pipeline."""

from typing import TYPE_CHECKING

from sanet_tf.utils.errors import UserError
from sanet_tf.utils.types import PathLike

if TYPE_CHECKING:
    from sanet_tf.data.arrays import Arrays
    from sanet_tf.data.labelled import LabelledImages


def load_source(
    dataset: str,
    data_dir: PathLike | None = None,
    download: bool = False,
    train_split: str | None = None,
    val_split: str | None = None,
) -> "LabelledImages":
    """Opens a data set by name.

    Args:
        dataset: "digits", "folder", or a name of TensorFlow Datasets.
        data_dir: where it lies; needed for "folder".
        download: whether TensorFlow Datasets may download it.
        train_split: of its sets, what to train on, such as "train[:90%]";
            None: train.
        val_split: the same to validate with; None: validation, or test.

    Returns:
        A `sanet_tf.data.labelled.LabelledImages`.

    Raises:
        UserError: it is not there, or is not what it should be.
    """
    from sanet_tf.data import digits, folder, tfds

    check_source(dataset, data_dir, train_split, val_split)
    if dataset == "digits":
        return digits.load()
    if dataset == "folder":
        return folder.load(data_dir)
    return tfds.load(dataset, data_dir, download, train_split, val_split)


def check_source(dataset, data_dir=None, train_split=None, val_split=None):
    """Refuses what of `load_source`'s arguments does not go together.

    Raises:
        UserError: splits of a set that has none, or a folder that is missing.
    """
    splits = [split for split in (train_split, val_split) if split]
    if dataset in ("digits", "folder") and splits:
        raise UserError(
            "--train_split and --val_split go with sets of TensorFlow "
            f"Datasets, got --dataset={dataset} and {', '.join(splits)}"
        )
    if dataset == "folder" and data_dir is None:
        from sanet_tf.data import folder

        raise UserError(
            f"--dataset=folder needs --data_dir=DIR; expected {folder.LAYOUT}"
        )


def load_arrays(
    dataset: str,
    data_dir: PathLike | None = None,
    download: bool = False,
    image_size: int = 32,
) -> "Arrays":
    """Reads a data set into memory; no TensorFlow is needed.

    Args:
        dataset: "cifar10", "cifar100", "digits" or "folder".
        data_dir: where it lies; needed for "folder".
        download: whether Keras may download CIFAR.
        image_size: side of what will be cropped from the images, in pixels.

    Returns:
        A `sanet_tf.data.arrays.Arrays`. CIFAR's images have that side, the
        others a larger one.

    Raises:
        UserError: it is not there, or is not what it should be.
    """
    from sanet_tf.data import arrays, cifar

    if dataset in cifar.FORMATS:
        return cifar.load(dataset, data_dir, download, image_size)
    source = load_source(dataset, data_dir)
    return arrays.decode(source, arrays.scaled_size(image_size))
