"""TensorFlow Datasets: sets prepared here, and sets that are not there."""

import socket

import pytest
import tensorflow_datasets as tfds

from sanet_tf.data import load_source
from sanet_tf.data.decoding import UNKNOWN
from sanet_tf.utils.errors import UserError

from .sets import BROKEN, GreyLevels, ThreeSplits, TrainOnly, png

tfds.disable_progress_bar()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Where the first three sets are prepared, in shards like large ones."""
    data_dir = tmp_path_factory.mktemp("prepared")
    config = tfds.download.DownloadConfig(num_shards=3)
    for builder in (GreyLevels, ThreeSplits, TrainOnly):
        builder(data_dir=data_dir).download_and_prepare(download_config=config)
    return data_dir


@pytest.fixture
def source(data_dir):
    return load_source("grey_levels", data_dir)


@pytest.fixture
def offline(monkeypatch):
    def refuse(*_, **__):
        raise OSError("offline")

    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture
def online(monkeypatch):
    monkeypatch.setattr(
        socket, "create_connection", lambda *_, **__: socket.socket()
    )


@pytest.fixture
def no_preparation(monkeypatch):
    """Fails the test if TFDS starts what takes minutes to give up."""

    def fail(*_, **__):
        pytest.fail("a download was attempted")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)


def test_a_prepared_set(source):
    assert source.class_names == ("cat", "dog")
    assert source.sizes == {"train": 30, "val": 6}


def test_validation_goes_before_test(data_dir):
    assert load_source("three_splits", data_dir).sizes["val"] == 4


def test_images_labels_and_what_is_skipped(source, read):
    images, labels, skipped = read(source, "train")
    levels = images[:, 0, 0, 0].round()
    assert sorted(levels) == [5 * i for i in range(30) if i != BROKEN]
    assert labels == [level % 2 for level in levels]
    elements = source.elements("train").as_numpy_iterator()
    ids = [
        name.decode() for name, encoded, _ in elements if encoded == png(BROKEN)
    ]
    assert skipped == {ids[0]: UNKNOWN}
    assert ids[0].startswith("grey_levels-train.tfrecord-0000")


def test_the_test_split_validates(source, read):
    images, _, skipped = read(source, "val")
    assert sorted(images[:, 0, 0, 0].round()) == [0, 5, 10, 15, 20, 25]
    assert not skipped


def test_the_seed_alone_decides_the_order(source):
    def order(seed):
        elements = source.elements("train", seed).as_numpy_iterator()
        return [name for name, *_ in elements]

    assert order(3) == order(3)
    assert order(None) == order(None)
    assert order(3) != order(4)
    assert order(3) != order(None)
    assert len(set(order(3))) == 30
    assert set(order(3)) == set(order(4)) == set(order(None))


def test_no_split_to_validate_with(data_dir):
    match = (
        "train_only has no split validation or test: found train; choose .* "
        r"--train_split=train\[:90%\] --val_split=train\[90%:\]$"
    )
    with pytest.raises(UserError, match=match):
        load_source("train_only", data_dir)


def test_splits_and_slices(data_dir, read):
    source = load_source(
        "train_only", data_dir, train_split="train[:75%]", val_split="train[3:]"
    )
    assert source.sizes == {"train": 3, "val": 1}
    splits = (read(source, split)[0] for split in ("train", "val"))
    levels = [sorted(images[:, 0, 0, 0].round()) for images in splits]
    assert sorted(levels[0] + levels[1]) == [0, 5, 10, 15]


@pytest.mark.parametrize(
    ("train", "val", "match"),
    [
        (None, "train[3:]", "--train_split=train and --val_split=train.3:"),
        ("train[:3]", "train[2:]", "expected no image both to train on and"),
        ("train[:2]+train[3:]", "train[3:]", "expected no image both to"),
        ("test", "train", "expected --train_split as a part of train, .* test"),
        ("train", "train[", r"--val_split as a part of .*; got train\[$"),
        ("train[:200%]", "train", "got train.:200%"),
        ("train[:0]", "train", "--train_split=train.:0. .* has no images"),
        ("train[2:1]", "train", "--train_split=train.2:1. .* has no images"),
    ],
)
def test_splits_that_do_not_go(data_dir, train, val, match):
    with pytest.raises(UserError, match=match) as error:
        load_source("train_only", data_dir, train_split=train, val_split=val)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("download", [False, True])
def test_known_splits_are_refused_before_the_preparation(
    tmp_path, online, no_preparation, download
):
    match = "known_splits has no split validation or test: found train;"
    with pytest.raises(UserError, match=match):
        load_source("known_splits", tmp_path, download)
    with pytest.raises(UserError, match=r"--train_split=train.:0. .* no image"):
        load_source("known_splits", tmp_path, download, "train[:0]", "train")


@pytest.mark.parametrize("dataset", ["digits", "folder"])
def test_splits_of_other_sources(dataset, tmp_path):
    match = f"--train_split and --val_split go with .*={dataset} and train$"
    with pytest.raises(UserError, match=match):
        load_source(dataset, tmp_path, train_split="train")


def test_the_hint_names_the_configuration(tmp_path):
    match = "imagenette/full-size-v2 is not .* tfds build imagenette/full-size"
    with pytest.raises(UserError, match=match):
        load_source("imagenette", tmp_path)


def test_a_folder_for_a_name(tmp_path, monkeypatch):
    (tmp_path / "imagenette160").mkdir()
    monkeypatch.chdir(tmp_path)
    match = "read by --dataset=folder --data_dir=imagenette160$"
    with pytest.raises(UserError, match=match):
        load_source("imagenette160", tmp_path)


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("cifr10", "did you mean cifar10?"),
        ("cifar10[:10%]", "--train_split=train[:90%] --val_split=train[90%:]"),
    ],
)
def test_what_was_meant(tmp_path, name, end):
    with pytest.raises(UserError) as error:
        load_source(name, tmp_path)
    assert str(error.value).endswith(end)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("detection", r"image \(Image\), boxes \(Text\)$"),
        ("many_labels", r"image \(Image\), label \(Sequence\)$"),
    ],
)
def test_not_classification_is_said_before_the_download(
    tmp_path, online, no_preparation, name, found
):
    match = f"^{name} is not a set for image classification: .* found {found}"
    with pytest.raises(UserError, match=match):
        load_source(name, tmp_path, download=True)


@pytest.mark.parametrize(
    "name", ["no_such_set", "cifar-10", "", "cifar10/big", "cifar10:9.9.9"]
)
def test_unknown_name(tmp_path, name):
    match = f"^no data set .*'{name}'.*expected imagenet2012, folder, digits or"
    with pytest.raises(UserError, match=match) as error:
        load_source(name, tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("download", [False, True])
def test_imagenet_is_never_downloaded(
    tmp_path, online, no_preparation, download
):
    with pytest.raises(UserError, match="ImageNet is not prepared") as error:
        load_source("imagenet2012", tmp_path, download)
    for part in (
        f"not prepared in {tmp_path}.",
        "image-net.org",
        "ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar",
        f"into {tmp_path}/downloads/manual",
        f"tfds build imagenet2012 --data_dir={tmp_path}",
        "--dataset=folder --data_dir=DIR",
    ):
        assert part in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_missing_set_needs_a_flag(tmp_path, online, no_preparation):
    match = f"cifar10 is not prepared in {tmp_path}; add --download"
    with pytest.raises(UserError, match=match):
        load_source("cifar10", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_download_without_network(tmp_path, offline, no_preparation):
    match = "cifar10 .* cannot be downloaded: no connection to .*toronto.edu"
    with pytest.raises(UserError, match=match):
        load_source("cifar10", tmp_path, download=True)
    assert not list(tmp_path.iterdir())


def test_a_missing_set_is_prepared(tmp_path, online):
    source = load_source("three_splits", tmp_path, download=True)
    assert source.sizes == {"train": 5, "val": 4}


def test_a_preparation_that_fails(tmp_path, online):
    match = "^by_hand could not be prepared in .*: .*Ask the authors.$"
    with pytest.raises(UserError, match=match):
        load_source("by_hand", tmp_path, download=True)
