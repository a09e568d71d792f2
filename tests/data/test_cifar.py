"""CIFAR as it is published, in small, and what may be wrong with it."""

import pickle
import tarfile

import keras
import numpy as np
import pytest

from sanet_tf.data import cifar, load_arrays
from sanet_tf.data.cifar_formats import FORMATS
from sanet_tf.utils.errors import UserError

SIZES = {"train": 10, "val": 4}
VERSIONS = [
    pytest.param(dataset, version, id=version.folder)
    for dataset, versions in FORMATS.items()
    for version in versions
]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(cifar, "SIZES", SIZES)


@pytest.fixture
def truth(rng):
    """`{split: (images, labels, coarse labels)}`."""
    return {
        split: (
            rng.integers(0, 256, (size, 32, 32, 3), np.uint8),
            rng.integers(0, 10, size),
            rng.integers(0, 10, size),
        )
        for split, size in SIZES.items()
    }


def file_content(version, pixels, labels, coarse):
    """The bytes of one file, as the publisher's page describes them."""
    if version.folder.endswith(("bin", "binary")):
        columns = [labels[:, None], pixels]
        if "100" in version.folder:
            columns.insert(0, coarse[:, None])
        return np.concatenate(columns, 1).astype(np.uint8).tobytes()
    keys = {"labels": labels}
    if "100" in version.folder:
        keys = {"fine_labels": labels, "coarse_labels": coarse}
    values = {key.encode(): list(map(int, y)) for key, y in keys.items()}
    values[b"filenames"] = [b"a.png"] * len(labels)
    return pickle.dumps({b"data": pixels, **values}, protocol=4)


def write(version, truth, root):
    folder = root / version.folder
    folder.mkdir(parents=True)
    for split, (images, labels, coarse) in truth.items():
        pixels = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        names = version.files[split]
        for number, name in enumerate(names):
            part = slice(
                number * len(images) // len(names),
                (number + 1) * len(images) // len(names),
            )
            content = file_content(
                version, pixels[part], labels[part], coarse[part]
            )
            (folder / name).write_bytes(content)
    return folder


def pack(version, root):
    """Into the archive; the folder goes."""
    folder = root / version.folder
    with tarfile.open(root / version.archive, "w:gz") as archive:
        archive.add(folder, version.folder)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    return root / version.archive


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("dataset", "version"), VERSIONS)
def test_all_versions_are_the_same_images(
    dataset, version, packed, truth, tmp_path
):
    write(version, truth, tmp_path)
    if packed:
        pack(version, tmp_path)
    arrays = load_arrays(dataset, tmp_path)
    assert arrays.sizes == SIZES
    assert len(arrays.class_names) == cifar.CLASSES[dataset]
    assert (arrays.side, arrays.padding) == (32, 4)
    for split, (images, labels, _) in truth.items():
        np.testing.assert_array_equal(arrays.splits[split][0], images)
        np.testing.assert_array_equal(arrays.splits[split][1], labels)


def test_another_size(truth, tmp_path):
    write(FORMATS["cifar10"][0], truth, tmp_path)
    arrays = load_arrays("cifar10", tmp_path, image_size=64)
    assert (arrays.side, arrays.padding) == (64, 8)
    image = arrays.splits["val"][0][0].astype(float)
    small = truth["val"][0][0]
    blocks = image.reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert np.corrcoef(blocks.ravel(), small.ravel())[0, 1] > 0.9


def fails(dataset, root, match):
    with pytest.raises(UserError, match=match) as error:
        load_arrays(dataset, root)
    assert "\n" not in str(error.value)


class Payload:
    """A pickle of it writes a file where it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickle_cannot_run_a_program(truth, tmp_path):
    folder = write(FORMATS["cifar10"][1], truth, tmp_path)
    trap = tmp_path / "written"
    (folder / "test_batch").write_bytes(pickle.dumps(Payload(trap)))
    fails("cifar10", tmp_path, "test_batch .* is damaged: .* it calls .*ope")
    assert not trap.exists()


@pytest.mark.parametrize(("dataset", "version"), VERSIONS)
def test_truncated_file(dataset, version, truth, tmp_path):
    path = write(version, truth, tmp_path) / version.files["val"][0]
    path.write_bytes(path.read_bytes()[:-1000])
    fails(dataset, tmp_path, f"{path.name} in .* is damaged: expected 4 images")


def test_a_whole_record_less(truth, tmp_path):
    path = write(FORMATS["cifar10"][0], truth, tmp_path) / "test_batch.bin"
    path.write_bytes(path.read_bytes()[:-3073])
    fails("cifar10", tmp_path, r"got uint8 pixels \(3, 3072\) and 3 labels")


def test_labels_of_another_set(truth, tmp_path):
    truth["val"][1][2] = 99
    write(FORMATS["cifar10"][0], truth, tmp_path)
    fails("cifar10", tmp_path, "10 classes, got .* labels from . to 99")


def test_missing_file(truth, tmp_path):
    folder = write(FORMATS["cifar10"][0], truth, tmp_path)
    (folder / "data_batch_3.bin").unlink()
    fails("cifar10", tmp_path, "no data_batch_3.bin in .*: expected data_batch")


@pytest.mark.parametrize("keep", [100, 5000])
def test_damaged_archive(keep, truth, tmp_path):
    version = FORMATS["cifar10"][0]
    write(version, truth, tmp_path)
    path = pack(version, tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    fails("cifar10", tmp_path, "cifar-10-binary.tar.gz cannot be read")


def test_nothing_there(tmp_path):
    expected = "cifar-100-binary, .*cifar-100-python.tar.gz in DIR .170 MB, pub"
    fails("cifar100", tmp_path, f"no cifar100 in .*: expected .*{expected}")
    fails("cifar100", None, f"--dataset=cifar100 needs data: .*{expected}")


def test_download(truth, monkeypatch):
    """Keras gives the labels as a column."""
    monkeypatch.setattr(
        keras.datasets.cifar10,
        "load_data",
        lambda: [(x, y[:, None].astype("uint8")) for x, y, _ in truth.values()],
    )
    arrays = load_arrays("cifar10", download=True)
    np.testing.assert_array_equal(arrays.splits["val"][1], truth["val"][1])
    np.testing.assert_array_equal(arrays.splits["train"][0], truth["train"][0])


def test_download_that_fails(monkeypatch):
    def load_data():
        raise Exception("URL fetch failure on x: None --\n no network")

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", load_data)
    match = "could not download cifar10 .* no network.: expected --data_dir"
    with pytest.raises(UserError, match=match):
        load_arrays("cifar10", download=True)


def test_download_to_a_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="expected no --data_dir with it"):
        load_arrays("cifar10", tmp_path, download=True)
