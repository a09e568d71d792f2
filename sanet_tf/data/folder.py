"""Images in folders, as ImageNet is kept on disk.

    DIR/train/<class>/*.jpg     DIR/val/<class>/*.jpg

`val` may be called `validation` or `valid`. A class is the name of a folder in
either that has images, in alphabetical order. Hidden files are left out; so
are other files, and images in folders further down, of which there is a
warning.
"""

import os
from collections import Counter
from pathlib import Path

from sanet_tf.data.decoding import SUFFIXES, is_image_name
from sanet_tf.data.labelled import from_lists
from sanet_tf.utils.errors import UserError

NAMES = {"train": ("train",), "val": ("val", "validation", "valid")}
LAYOUT = "DIR/train/<class>/*.jpg and DIR/val/<class>/*.jpg"


def load(data_dir):
    """The images below `data_dir` as a `LabelledImages`.

    Args:
        data_dir: path of the folder that holds train and val.

    Raises:
        UserError: the folder is missing, empty or has another layout.
    """
    root = Path(data_dir).expanduser()
    if not root.is_dir():
        raise UserError(f"no such directory: {root}; expected {LAYOUT}")
    splits = {split: _Split(_folder(root, split)) for split in NAMES}
    found = set().union(*(split.images for split in splits.values()))
    class_names = sorted(
        {name for s in splits.values() for name in s.images if s.images[name]}
    )
    warnings = [line for split in splits.values() for line in split.warnings()]
    if found - {*class_names}:
        warnings.append(
            "folders without images are no classes: "
            f"{_few(sorted(found - {*class_names}))}"
        )
    for name, split in splits.items():
        empty = [c for c in class_names if not split.images.get(c)]
        if empty:
            warnings.append(
                f"{name} has no images of {len(empty)} of the "
                f"{len(class_names)} classes: {_few(empty)}"
            )
    lists = {name: split.lists(class_names) for name, split in splits.items()}
    return from_lists(class_names, lists, warnings)


def _folder(root, split):
    """The folder of a split, by one of its names."""
    found = [root / name for name in NAMES[split] if (root / name).is_dir()]
    if len(found) > 1:
        raise UserError(
            f"expected one of {', '.join(f'{path.name}/' for path in found)} "
            f"in {root}, got {len(found)}: which of them validates?"
        )
    if not found:
        others = sorted(entry.name for entry in os.scandir(root))
        raise UserError(
            f"no {split}/ in {root}; expected {LAYOUT}, found "
            f"{_few(others) or 'nothing'}"
        )
    return found[0]


class _Split:
    """What lies in the folder of a split.

    Attributes:
        folder: its path.
        images: `{class: paths}`, sorted.
        others: how many files of each ending are no images.
        misplaced: paths of images that are not in the folder of a class.

    Raises:
        UserError: there are no images in the folders of classes.
    """

    def __init__(self, folder):
        self.folder = folder
        self.images, self.others, self.misplaced = {}, Counter(), []
        for entry in _visible(self.folder):
            if entry.is_dir():
                self.images[entry.name] = self._class_images(entry)
            elif is_image_name(entry.name):
                self.misplaced.append(entry.path)
        if not self.images:
            raise UserError(
                f"no class folders in {self.folder}; expected {LAYOUT}, one "
                "folder for each class"
            )
        if not any(self.images.values()):
            raise UserError(
                f"no images in {self.folder}; expected {LAYOUT}, with the "
                f"endings {', '.join(SUFFIXES)}"
                f"{''.join(f'; {line}' for line in self.warnings())}"
            )

    def lists(self, class_names):
        """`(paths, empty contents, labels)` of all images."""
        numbered = [
            (path, label)
            for label, name in enumerate(class_names)
            for path in self.images.get(name, ())
        ]
        paths, labels = zip(*numbered, strict=True)
        return list(paths), [""] * len(paths), list(labels)

    def warnings(self):
        """What is left out, a line each."""
        name = self.folder.name
        if self.others:
            kinds = [f"{n} {kind}" for kind, n in self.others.most_common()]
            yield f"{name}: left out as no images: {_few(kinds)}"
        if self.misplaced:
            yield (
                f"{name}: left out {len(self.misplaced)} below or beside the "
                f"folders of the classes, such as {min(self.misplaced)}"
            )

    def _class_images(self, folder):
        """The images of a class, sorted; counts what is none."""
        images = []
        for entry in _visible(folder):
            if entry.is_dir():
                self.misplaced += _images_below(entry)
            elif is_image_name(entry.name):
                images.append(os.fsencode(entry.path))  # need not be UTF-8
            else:
                self.others[Path(entry.name).suffix.lower() or "no ending"] += 1
        return sorted(images)


def _visible(folder):
    return (e for e in os.scandir(folder) if not e.name.startswith("."))


def _images_below(folder):
    return [
        os.path.join(path, name)
        for path, _, names in os.walk(folder)
        for name in names
        if is_image_name(name)
    ]


def _few(names):
    return f"{', '.join(names[:5])}{', ...' * (len(names) > 5)}"
