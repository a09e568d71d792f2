"""Scikit-learn's 1,797 handwritten digits: real, small and offline.

8 x 8 pixels, 16 grey levels, ten classes; every fifth image validates.
"""

import io

from PIL import Image

from sanet_tf.data.labelled import from_lists


def load():
    """The digits as a `LabelledImages` of PNG images."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * (255 / 16)).astype("uint8")
    splits = {"train": ([], [], []), "val": ([], [], [])}
    for index, (image, label) in enumerate(
        zip(images, digits.target, strict=True)
    ):
        names, encoded, labels = splits["train" if index % 5 else "val"]
        names.append(f"digit-{index:04d}")
        encoded.append(_png(image))
        labels.append(int(label))
    return from_lists([str(name) for name in digits.target_names], splits)


def _png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
