"""The published data of CARE with files that are missing or wrong."""

import shutil

import numpy as np
import pytest

from sanet_tf.restoration.data import load_data
from sanet_tf.utils.errors import UserError
from tests.restoration.data.published import NAMES, TASKS, TRAINING


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
