"""Folders as ImageNet is kept on disk, in good order and in bad."""

import os
from functools import partial

import numpy as np

from sanet_tf.data import load_source
from sanet_tf.data.decoding import FORMATS

RED, GREEN, BLUE = (200, 30, 40), (20, 170, 60), (10, 50, 220)
load = partial(load_source, "folder")


def listing(source, split, root):
    """`{path: label}` in the order of the elements."""
    elements = source.elements(split).as_numpy_iterator()
    folder = os.fsencode(root / split) + b"/"
    return {
        os.fsdecode(name.removeprefix(folder)): label.item()
        for name, _, label in elements
    }


def colors(images):
    """The one colour of each image, rounded to tens: JPEG is not exact."""
    assert np.ptp(images, axis=(1, 2)).max() < 3
    return [tuple(color) for color in images[:, 0, 0].round(-1).astype(int)]


def test_images_of_all_endings_and_nothing_else(plain, make_folder, read):
    root = make_folder(
        {
            "train/dog/1.jpg": plain(BLUE, "JPEG"),
            "train/cat/2.JPEG": plain(RED, "JPEG"),
            "train/cat/3.Png": plain(GREEN),
            "train/cat/4.JPG": plain(BLUE),  # a PNG all the same
            "train/cat/.DS_Store": b"x",
            "train/cat/._2.JPEG": b"x",
            "train/cat/notes.txt": b"x",
            "train/cat/thumbs.jpg/5.jpg": plain(RED),
            "train/.cache/6.jpg": plain(RED),
            "train/synsets.txt": b"x",
            "train/__MACOSX/cat/._2.JPEG": b"x",
            "val/cat/7.jpeg": plain(RED, "JPEG"),
            "val/dog/8.PNG": plain(GREEN),
        }
    )
    (root / "val/none").mkdir()
    source = load(str(root))
    assert source.class_names == ("cat", "dog")
    assert source.sizes == {"train": 4, "val": 2}
    assert source.warnings == (
        "train: left out as no images: 1 .txt",
        "train: left out 1 below or beside the folders of the classes, such "
        f"as {root}/train/cat/thumbs.jpg/5.jpg",
        "folders without images are no classes: __MACOSX, none",
    )
    assert list(listing(source, "train", root).items()) == [
        ("cat/2.JPEG", 0),
        ("cat/3.Png", 0),
        ("cat/4.JPG", 0),
        ("dog/1.jpg", 1),
    ]
    images, labels, skipped = read(source, "train")
    assert colors(images) == [RED, GREEN, BLUE, BLUE]
    assert labels == [0, 0, 0, 1]
    assert not skipped


def test_what_pillow_reads_is_trained_on(encode, make_folder, read):
    picture = np.full((9, 7, 3), (0, 51, 204), np.uint8)
    content = {
        f"train/a/{format}{suffix.upper()}": encode(picture, format)
        for format, suffixes in FORMATS.items()
        for suffix in suffixes
    }
    root = make_folder({**content, "val/a/1.gif": encode(picture, "GIF")})
    source = load(root)
    assert source.sizes == {"train": len(content), "val": 1}
    assert source.warnings == ()
    images, _, skipped = read(source, "train")
    assert not skipped
    assert np.abs(images - picture[0, 0]).max() < 9


def test_what_is_left_out_is_counted_by_kind(plain, make_folder):
    image = plain(RED)
    heic = {f"train/a/{n}.HEIC": b"x" for n in range(20)}
    root = make_folder(
        {
            **heic,
            "train/a/1.png": image,
            "train/a/notes": b"x",
            "train/b/x/y/1.png": image,
            "train/b/x/.y/._1.png": image,
            "train/2.png": image,
            "val/a/1.png": image,
        }
    )
    source = load(root)
    assert source.class_names == ("a",)
    assert source.warnings == (
        "train: left out as no images: 20 .heic, 1 no ending",
        "train: left out 2 below or beside the folders of the classes, such "
        f"as {root}/train/2.png",
        "folders without images are no classes: b",
    )


def test_symbolic_links(plain, make_folder, read, tmp_path):
    root = make_folder(
        {
            "store/x.png": plain(RED),
            "store/cats/y.png": plain(GREEN),
            "train/dog/a.png": plain(BLUE),
            "val/dog/a.png": plain(BLUE),
        }
    )
    (root / "train/dog/b.png").symlink_to(root / "store/x.png")
    (root / "train/dog/c.png").symlink_to(root / "store/gone.png")
    (root / "train/cat").symlink_to(root / "store/cats")
    (tmp_path / "link").symlink_to(root)
    images, labels, skipped = read(load(tmp_path / "link"), "train")
    assert colors(images) == [GREEN, BLUE, RED]
    assert labels == [0, 1, 1]
    gone = str(tmp_path / "link/train/dog/c.png")
    assert skipped == {gone: "no such file"}


def test_bad_images_are_named_and_the_others_keep_their_labels(
    plain, bombs, make_folder, read
):
    jpeg = plain(RED, "JPEG")
    root = make_folder(
        {
            "train/a/1.jpg": b"",
            "train/a/2.jpg": jpeg,
            "train/b/3.png": bombs["header"],
            "train/b/4.jpg": plain(GREEN),
            "train/c/5.jpg": jpeg[: len(jpeg) // 2],
            "train/c/6.png": bombs["real"],
            "train/c/7.jpg": b"<html>404</html>",
            "train/c/8.jpg": plain(BLUE),
            "val/a/1.jpg": jpeg,
            "val/b/2.jpg": jpeg,
            "val/c/3.jpg": jpeg,
        }
    )
    source = load(root)
    images, labels, skipped = read(source, "train")
    assert colors(images) == [RED, GREEN, BLUE]
    assert labels == [0, 1, 2]
    assert sorted(skipped) == [
        str(root / "train" / name)
        for name in ("a/1.jpg", "b/3.png", "c/5.jpg", "c/6.png", "c/7.jpg")
    ]
    assert "pixels" in skipped[str(root / "train/b/3.png")]
    assert "pixels" in skipped[str(root / "train/c/6.png")]
    *_, again = read(source, "train", seed=3)
    assert again == skipped


def test_labels_are_alphabetical_over_both_splits(plain, make_folder):
    image = plain(RED)
    root = make_folder(
        {
            "train/bee/1.png": image,
            "train/dog/1.png": image,
            "val/ant/1.png": image,
            "val/cat/1.png": image,
            "val/dog/1.png": image,
        }
    )
    (root / "val/bee").mkdir()  # without a picture
    source = load(root)
    assert source.class_names == ("ant", "bee", "cat", "dog")
    assert listing(source, "train", root) == {"bee/1.png": 1, "dog/1.png": 3}
    assert listing(source, "val", root) == {
        "ant/1.png": 0,
        "cat/1.png": 2,
        "dog/1.png": 3,
    }
    assert source.warnings == (
        "train has no images of 2 of the 4 classes: ant, cat",
        "val has no images of 1 of the 4 classes: bee",
    )


def test_names_need_not_be_utf_8(plain, make_folder, read):
    latin_1 = [os.fsdecode(name) for name in (b"caf\xe9.png", b"th\xe9.png")]
    root = make_folder(
        {
            f"train/a/{latin_1[0]}": plain(RED),
            f"train/a/{latin_1[1]}": b"x",
            "val/a/1.png": plain(GREEN),
        }
    )
    images, _, skipped = read(load(root), "train")
    assert colors(images) == [RED]
    assert list(skipped) == [str(root / "train/a" / latin_1[1])]
