"""The published data of CARE, in small files of the same layouts."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile

from sanet_tf.errors import UserError
from sanet_tf.restoration.data import load_data

TRAINING = "train_data/data_label.npz"
NAMES = {
    "planaria": "Denoising_Planaria",
    "tribolium": "Denoising_Tribolium",
    "flywing": "Projection_Flywing",
}
TASKS = {"planaria": "denoise", "tribolium": "denoise", "flywing": "project"}


@pytest.fixture
def patches(rng):
    """Normalised patches as csbdeep saves them."""
    x = rng.normal(size=(40, 1, 6, 8, 10)).astype("float32")
    return x, x + 1


@pytest.fixture
def unpacked(patches, scene, write_stacks):
    """A function of a data set's name to a folder as it unpacks."""

    def make(dataset, folder="", save=np.savez, **arrays):
        x, y = patches
        if dataset == "flywing":
            y = y[:, :, 0]  # as published, without Z
        saved = {"X": x, "Y": y, "axes": np.array("SCZYX")} | arrays
        root = write_stacks(
            {f"{folder}{name}": s for name, s in stacks_of(dataset, scene)}
        )
        (root / folder / TRAINING).parent.mkdir(parents=True, exist_ok=True)
        saved = {name: a for name, a in saved.items() if a is not None}
        save(root / folder / TRAINING, **saved)
        return root

    return make


def stacks_of(dataset, scene):
    test = "test_data/"
    if dataset == "planaria":
        for number in (1, 2):
            for kind in ("GT", "condition_1", "condition_2", "condition_3"):
                yield f"{test}{kind}/EXP_m{number:04d}.tif", scene((7, 20, 16))
    elif dataset == "tribolium":
        for number in (1, 2):
            exposures = np.stack([scene((5, 20, 16)) + n for n in range(4)])
            yield f"{test}nGFP_0.1_0.2_0.5_20_{number}_late.tif", exposures
    else:
        for number in (1, 2):
            for channel in range(4):
                name = f"C{channel}_T{number:03d}.tif"
                yield f"{test}{name}", scene((6, 20, 16))
                yield f"{test}proj_{name}", scene((20, 16))


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
    low, high = np.full((2, 5, 20, 16), [[[[1]]], [[[2]]]], "uint16")
    write_stacks(
        {"test_data/GT/a.tif": high, "test_data/condition_2/a.tif": low}
    )
    (pair,) = load_data("tribolium", root, condition=2).test
    assert (pair.low.max(), pair.high.max()) == (1, 2)


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


@pytest.mark.parametrize(
    ("dataset", "gigabytes"),
    [("planaria", 9.4), ("tribolium", 8.1), ("flywing", 14.9)],
)
def test_missing_files_are_named_with_size_and_origin(
    dataset, gigabytes, tmp_path, one_line
):
    with pytest.raises(UserError, match="the training patches of") as error:
        load_data(dataset, tmp_path, TASKS[dataset])
    one_line(error)
    for part in (
        str(tmp_path / TRAINING),
        str(tmp_path / NAMES[dataset] / TRAINING),
        f"{gigabytes} GB",
        "10.1038/s41592-018-0216-7",
        f"{NAMES[dataset]}.tar.gz",
    ):
        assert part in str(error.value)


@pytest.mark.parametrize("dataset", NAMES)
@pytest.mark.parametrize("keep_folder", [False, True])
def test_missing_stacks_of(unpacked, dataset, keep_folder, one_line):
    root = unpacked(dataset)
    shutil.rmtree(root / "test_data")
    if keep_folder:
        (root / "test_data").mkdir()
    with pytest.raises(UserError, match=r"test stacks of .* not in") as error:
        load_data(dataset, root, TASKS[dataset])
    one_line(error)


@pytest.mark.parametrize(
    ("dataset", "remove", "match"),
    [
        ("planaria", "GT/EXP_m0002.tif", "condition_1/EXP_m0002.tif has no tr"),
        ("flywing", "proj_C2_T002.tif", "C1_T002.tif has no truth proj_C2_T0"),
    ],
)
def test_a_missing_truth(unpacked, dataset, remove, match):
    root = unpacked(dataset)
    (root / "test_data" / remove).unlink()
    with pytest.raises(UserError, match=match):
        load_data(dataset, root, TASKS[dataset])


@pytest.mark.parametrize(
    ("dataset", "name", "stack", "match"),
    [
        ("planaria", "GT/EXP_m0001.tif", (7, 20, 17), "expected a truth of 7x"),
        ("tribolium", "x.tif", (3, 5, 20, 16), "expected 4 exposures of a st"),
        ("tribolium", "x.tif", (5, 20, 16), "expected exposures of a stack Z"),
        ("flywing", "proj_C2_T001.tif", (16, 20), "a truth of 20x16 for"),
        ("flywing", "C1_T001.tif", None, "C1_T001.tif: not a TIFF"),
    ],
)
def test_wrong_stacks_of(
    unpacked, write_stacks, dataset, name, stack, match, one_line
):
    root = unpacked(dataset)
    content = b"x" if stack is None else np.ones(stack, "float32")
    write_stacks({f"test_data/{name}": content})
    with pytest.raises(UserError, match=match) as error:
        load_data(dataset, root, TASKS[dataset])
    one_line(error)


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"Y": None}, "no array Y in .*data_label.npz"),
        ({"X": np.ones((9, 1, 6, 8, 10))}, "expected float32 X .* got float64"),
        ({"Y": np.ones((39, 1, 6, 8, 10), "float32")}, "Y of the same shape"),
        ({"X": np.ones((40, 8, 10), "float32")}, r"X \(n, 1, Z, Y, X\) and Y"),
        ({"X": np.ones((40, 2, 6, 8, 10), "float32")}, r"\(40, 2, 6, 8, 10\)"),
    ],
)
def test_wrong_training_files(unpacked, arrays, match, one_line):
    root = unpacked("planaria", **arrays)
    with pytest.raises(UserError, match=match) as error:
        load_data("planaria", root)
    one_line(error)


def test_a_truncated_training_file(unpacked, one_line):
    root = unpacked("planaria")
    content = (root / TRAINING).read_bytes()
    (root / TRAINING).write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"not a whole \.npz file") as error:
        load_data("planaria", root)
    one_line(error)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"task": "project"}, "--dataset=planaria is for --task=denoise, got"),
        ({"condition": 4}, "--condition must be 1, 2 or 3, got 4"),
        ({"validation_split": 0.0}, "leaves 40 patches to train and 0 to"),
        ({"validation_split": 1.0}, "leaves 0 patches to train and 40 to"),
        ({"num_patches": 5}, "takes no --num_patches; it takes --condition"),
    ],
)
def test_options_that_do_not_fit(unpacked, options, match):
    with pytest.raises(UserError, match=match):
        load_data("planaria", unpacked("planaria"), **options)
