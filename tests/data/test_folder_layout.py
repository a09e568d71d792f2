"""How a folder is laid out: other names of val/, and what is no data set."""

from functools import partial

import pytest

from sanet_tf.data import load_source
from sanet_tf.utils.errors import UserError

RED = (200, 30, 40)
load = partial(load_source, "folder")


@pytest.mark.parametrize("name", ["validation", "valid"])
def test_other_names_of_val(name, plain, make_folder):
    files = [f"{split}/a/1.png" for split in ("train", name)]
    root = make_folder(dict.fromkeys(files, plain(RED)))
    assert load(root).sizes == {"train": 1, "val": 1}
    (root / "val").mkdir()
    match = f"expected one of val/, {name}/ in .*, got 2: which .* validates"
    with pytest.raises(UserError, match=match):
        load(root)


@pytest.mark.parametrize(
    ("files", "at", "match"),
    [
        ([], "", r"no train/ in .*pictures; expected .*, found nothing$"),
        ([], "none", "no such directory: .*none; expected DIR/train/<class>"),
        (["train/a/1.png"], "", r"no val/ in .*expected DIR.* found train$"),
        (["val/a/1.png"], "", "no train/ in .*pictures; .* found val$"),
        (
            ["train/a/1.png", "train/b/1.png", "val/a/1.png"],
            "train",
            "no train/ in .*train; expected DIR/train/.* found a, b$",
        ),
        (
            ["train/1.png", "val/1.png"],
            "",
            "no class folders in .*train; expected .* one folder for each",
        ),
        (
            ["train/a/1.png", "val/1.png"],
            "",
            "no class folders in .*val; expected .* one folder for each",
        ),
        (
            ["train/a/1.png", "val/a/notes.txt"],
            "",
            "no images in .*val; expected .*, with the endings .jpg, .jpeg.*; "
            "val: left out as no images: 1 .txt$",
        ),
        (
            ["train/a/b/1.png", "val/a/b/1.png"],
            "",
            "no images in .*train; expected .*; train: left out 1 below or "
            "beside the folders of the classes, such as .*train/a/b/1.png$",
        ),
    ],
)
def test_another_layout(plain, make_folder, files, at, match):
    root = make_folder(dict.fromkeys(files, plain(RED)))
    with pytest.raises(UserError, match=match) as error:
        load(root / at)
    assert "\n" not in str(error.value)


def test_without_a_folder():
    match = "--dataset=folder needs --data_dir=DIR; expected DIR/train/<class>"
    with pytest.raises(UserError, match=match):
        load()
