"""Images in folders, as ImageNet is kept on disk.

    DIR/train/<class>/*.jpg     DIR/val/<class>/*.jpg

JPEG and PNG, endings in any case; other files and hidden ones are left out. A
class is the name of a folder in train or in val, in alphabetical order.
"""

import os
from pathlib import Path

from sanet_tf.data.decoding import SUFFIXES
from sanet_tf.data.source import from_lists
from sanet_tf.errors import UserError

LAYOUT = "DIR/train/<class>/*.jpg and DIR/val/<class>/*.jpg"


def load(data_dir):
    """The images below `data_dir` as a `Source`.

    Args:
        data_dir: path of the folder that holds train and val.

    Raises:
        UserError: the folder is missing, empty or has another layout.
    """
    root = Path(data_dir).expanduser()
    if not root.is_dir():
        raise UserError(f"no such directory: {root}; expected {LAYOUT}")
    classes = {split: _classes(root, split) for split in ("train", "val")}
    class_names = sorted(classes["train"] | classes["val"])
    labels = {name: label for label, name in enumerate(class_names)}
    splits = {split: _split(root / split, labels) for split in classes}
    return from_lists(class_names, splits, _empty_classes(class_names, splits))


def _classes(root, split):
    folder = root / split
    if not folder.is_dir():
        found = sorted(entry.name for entry in os.scandir(root))
        raise UserError(
            f"no {split}/ in {root}; expected {LAYOUT}, found "
            f"{', '.join(found[:5]) + ', ...' * (len(found) > 5) or 'nothing'}"
        )
    classes = {entry.name for entry in _visible(folder) if entry.is_dir()}
    if not classes:
        raise UserError(
            f"no class folders in {folder}; expected {LAYOUT}, one folder "
            "for each class"
        )
    return classes


def _visible(folder):
    return (e for e in os.scandir(folder) if not e.name.startswith("."))


def _split(folder, labels):
    """`(paths, empty contents, labels)` of all images of a split."""
    paths, numbers = [], []
    for name, label in labels.items():
        if not (folder / name).is_dir():
            continue
        images = sorted(
            os.fsencode(entry.path)  # names need not be UTF-8
            for entry in _visible(folder / name)
            if entry.name.lower().endswith(SUFFIXES) and not entry.is_dir()
        )
        paths += images
        numbers += [label] * len(images)
    if not paths:
        raise UserError(
            f"no images in {folder}; expected {LAYOUT}, with the endings "
            f"{', '.join(SUFFIXES)}"
        )
    return paths, [""] * len(paths), numbers


def _empty_classes(class_names, splits):
    for split, (_, _, labels) in splits.items():
        empty = sorted({*class_names} - {class_names[n] for n in labels})
        if empty:
            yield (
                f"{split} has no images of {len(empty)} of the "
                f"{len(class_names)} classes: "
                f"{', '.join(empty[:5])}{', ...' * (len(empty) > 5)}"
            )
