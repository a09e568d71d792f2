"""The published data of CARE, in small files of the same layouts."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.data import load_data
from tests.restoration.data.published import NAMES, TASKS


def mapped(array):
    while not isinstance(array, np.memmap):
        array = array.base
    return Path(array.filename)


@pytest.mark.parametrize("dataset", NAMES)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_patches_stay_on_disk(unpacked, patches, dataset, save, tmp_path):
    root = unpacked(dataset, save=save)
    cache = tmp_path / "cache"
    data = load_data(dataset, root, TASKS[dataset], cache_dir=cache)
    x, y = (np.moveaxis(array, 1, -1) for array in patches)
    if dataset == "flywing":
        y = y[:, :1]
    assert data.axes == "ZYX"
    for part, (a, b) in (
        (slice(0, 38), data.train),
        (slice(38, 40), data.validation),
    ):
        assert a.dtype == b.dtype == "float32"
        np.testing.assert_array_equal(a, x[part])
        np.testing.assert_array_equal(b, y[part])
    assert data.train[1].shape[1] == (1 if dataset == "flywing" else 6)
    for patch, low, high in zip(
        data.validation_stacks, x[38:], y[38:], strict=True
    ):
        np.testing.assert_array_equal(patch.low, low[..., 0])
        truth = high[0] if dataset == "flywing" else high
        np.testing.assert_array_equal(patch.high, truth[..., 0])
    some = np.array([5, 0, 30, 5])
    np.testing.assert_array_equal(data.train[0][some], x[some])
    expected = cache if save is np.savez_compressed else root
    for array in (*data.train, *data.validation):
        assert mapped(array).is_relative_to(expected)


@pytest.mark.parametrize(("condition", "exposure"), [(1, 2), (2, 1), (3, 0)])
def test_exposures_of_tribolium(unpacked, condition, exposure):
    root = unpacked("tribolium")
    data = load_data("tribolium", root, condition=condition)
    files = sorted((root / "test_data").glob("*.tif"))
    assert [pair.name for pair in data.test] == [file.name for file in files]
    for pair, file in zip(data.test, files, strict=True):
        whole = tifffile.imread(file)
        np.testing.assert_array_equal(pair.low, whole[exposure])
        np.testing.assert_array_equal(pair.high, whole[3])
        assert mapped(pair.low) == file


def test_exposures_of_tribolium_sorted_into_folders(unpacked, write_stacks):
    root = unpacked("tribolium")
    for file in (root / "test_data").glob("*.tif"):
        file.unlink()
    low = np.indices((5, 20, 16), "uint16")[2]
    high = low + 10
    write_stacks(
        {"test_data/GT/a.tif": high, "test_data/condition_2/a.tif": low}
    )
    (pair,) = load_data("tribolium", root, condition=2).test
    assert (pair.low.max(), pair.high.max()) == (15, 25)


@pytest.mark.parametrize("condition", [1, 3])
def test_conditions_of_planaria(unpacked, condition):
    root = unpacked("planaria")
    data = load_data("planaria", root, condition=condition)
    assert [p.name for p in data.test] == ["EXP_m0001.tif", "EXP_m0002.tif"]
    folder = root / "test_data"
    for pair in data.test:
        low = tifffile.imread(folder / f"condition_{condition}" / pair.name)
        high = tifffile.imread(folder / "GT" / pair.name)
        np.testing.assert_array_equal(pair.low, low)
        np.testing.assert_array_equal(pair.high, high)


@pytest.mark.parametrize(
    ("condition", "channel"), [(1, "C1"), (2, "C3"), (3, "C0")]
)
@pytest.mark.parametrize("sorted_into_folders", [False, True])
def test_channels_of_flywing(unpacked, condition, channel, sorted_into_folders):
    root = unpacked("flywing")
    folder = root / "test_data"
    if sorted_into_folders:
        for file in [*folder.glob("*.tif")]:
            kind = "GT" if file.name.startswith("proj") else "Input"
            (folder / kind).mkdir(exist_ok=True)
            file.rename(folder / kind / file.name)
    data = load_data("flywing", root, "project", condition=condition)
    assert [p.name for p in data.test] == [
        f"{channel}_T001.tif",
        f"{channel}_T002.tif",
    ]
    for pair, number in zip(data.test, ("001", "002"), strict=True):
        (truth,) = folder.rglob(f"proj_C2_T{number}.tif")
        np.testing.assert_array_equal(pair.high, tifffile.imread(truth))
        assert pair.low.shape == (6, 20, 16)


@pytest.mark.parametrize("dataset", NAMES)
def test_folders_that_users_name(unpacked, dataset):
    root = unpacked(dataset, folder=f"{NAMES[dataset]}/")
    inside = root / NAMES[dataset]
    task = TASKS[dataset]
    for place in (root, inside, inside / "train_data", inside / "test_data"):
        assert len(load_data(dataset, str(place), task).test) == 2


def test_the_share_that_validates(unpacked):
    data = load_data("planaria", unpacked("planaria"), validation_split=0.1)
    assert data.description["patches"] == {"train": 36, "validation": 4}


def test_table_9():
    """A twentieth of the published patches leaves what the paper states."""
    for number, trained in ((17900, 17005), (15500, 14725), (17780, 16891)):
        assert number - round(number * 0.05) == trained


def test_axes_may_be_missing_and_y_may_have_its_z(unpacked, patches):
    y = patches[1]
    root = unpacked("flywing", axes=None, Y=y[:, :, :1])
    data = load_data("flywing", root, "project")
    expected = np.moveaxis(y[:38, :, :1], 1, -1)
    np.testing.assert_array_equal(data.train[1], expected)


def test_the_description(unpacked):
    root = unpacked("planaria")
    description = load_data("planaria", root).description
    assert json.loads(json.dumps(description)) == description
    assert str(root) not in json.dumps(description)
    assert description["files"]["file"] == "data_label.npz"
    assert set(description["files"]["crc32"]) == {"X", "Y"}
    assert description["test"]["EXP_m0001.tif"] == [7, 20, 16]
