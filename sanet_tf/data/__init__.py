"""Labelled images: a source each, and one pipeline to batches."""

from sanet_tf.errors import UserError


def load_source(dataset, data_dir=None, download=False):
    """Opens a data set by name.

    Args:
        dataset: "digits", "folder", or a name of TensorFlow Datasets.
        data_dir: where it lies; needed for "folder".
        download: whether TensorFlow Datasets may download it.

    Returns:
        A `sanet_tf.data.source.Source`.

    Raises:
        UserError: it is not there, or is not what it should be.
    """
    from sanet_tf.data import digits, folder, tfds

    if dataset == "digits":
        return digits.load()
    if dataset == "folder":
        if data_dir is None:
            raise UserError(
                f"--dataset=folder needs --data_dir=DIR; expected "
                f"{folder.LAYOUT}"
            )
        return folder.load(data_dir)
    return tfds.load(dataset, data_dir, download)
