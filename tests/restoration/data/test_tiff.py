"""Pairs of stacks in folders, in good order and in bad."""

import hashlib
import json

import numpy as np
import pytest

from sanet_tf.restoration.data import load_data
from sanet_tf.utils.errors import UserError

SMALL = {"patch_size": (4, 16, 16), "num_patches": 20}


@pytest.fixture
def pairs(scene, rng):
    """A function of names to `{path: stack}` of low and of high stacks."""

    def make(names, low="low", high="GT", shape=(8, 24, 20)):
        arrays = {}
        for name in names:
            truth = scene(shape)
            noise = rng.normal(0, 50, shape)
            noisy = np.maximum(truth // 9 + noise, 0).astype("uint16")
            arrays |= {f"{low}/{name}.tif": noisy, f"{high}/{name}.tif": truth}
        return arrays

    return make


@pytest.mark.parametrize("high", ["GT", "high", "gt"])
@pytest.mark.parametrize(
    "options",
    [{}, {"imagej": True}, {"compression": "zlib"}, {"bigtiff": True}],
)
def test_pairs_by_name(pairs, write_stacks, high, options):
    arrays = pairs("abc", high=high)
    data = load_data("tiff", write_stacks(arrays, **options), **SMALL)
    assert data.axes == "ZYX"
    assert data.train[0].shape == data.train[1].shape == (20, 4, 16, 16, 1)
    assert data.train[0].dtype == "float32"
    for name, (pair,) in (("b", data.validation_stacks), ("c", data.test)):
        assert pair.name == f"low/{name}.tif"
        np.testing.assert_array_equal(pair.low, arrays[f"low/{name}.tif"])
        np.testing.assert_array_equal(pair.high, arrays[f"{high}/{name}.tif"])


def test_the_description(pairs, write_stacks):
    root = write_stacks(pairs("abc"))
    description = load_data("tiff", root, **SMALL).description
    assert json.loads(json.dumps(description)) == description
    assert str(root) not in json.dumps(description)
    content = (root / "GT/b.tif").read_bytes()
    assert (
        description["files"]["GT/b.tif"] == hashlib.sha256(content).hexdigest()
    )
    assert "validation: low/b.tif; test: low/c.tif" in description["split"]
    assert description["provenance"] is None
    (root / "DATA.md").write_text("From my microscope.\n")
    description = load_data("tiff", root, **SMALL).description
    assert description["provenance"] == "From my microscope.\n"


def test_a_folder_of_test_stacks(pairs, write_stacks):
    arrays = pairs("ab") | pairs("x", "test/low", "test/GT", (8, 40, 50))
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    (pair,) = data.test
    assert pair.name == "low/x.tif"
    np.testing.assert_array_equal(pair.high, arrays["test/GT/x.tif"])
    assert "validation: low/b.tif" in data.description["split"]
    assert "test/GT/x.tif" in data.description["files"]


def test_the_layout_of_the_examples_of_csbdeep(pairs, write_stacks):
    arrays = pairs("ab", "train/low", "train/GT")
    arrays |= pairs("c", "test/low", "test/GT")
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    assert [pair.name for pair in data.test] == ["low/c.tif"]


def test_one_pair_is_cut_into_regions(pairs, write_stacks):
    arrays = pairs("a", shape=(8, 64, 20))
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    (pair,) = data.test
    np.testing.assert_array_equal(pair.low, arrays["low/a.tif"][:, 48:])
    assert "test: low/a.tif Y 48:64" in data.description["split"]


def test_several_exposures_share_their_truths(pairs, write_stacks):
    arrays = pairs("abc", "low_C0")
    arrays |= {
        name.replace("low_C0", "low_C1"): stack
        for name, stack in arrays.items()
        if name.startswith("low")
    }
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    assert [p.name for p in data.test] == ["low_C0/c.tif", "low_C1/c.tif"]


def test_pictures_and_types_that_differ_between_low_and_high(
    pairs, write_stacks
):
    arrays = pairs("abc", shape=(40, 30))
    arrays = {
        name: stack.astype("float32") if name.startswith("GT") else stack
        for name, stack in arrays.items()
    }
    options = {"patch_size": None, "num_patches": 5}
    with pytest.raises(UserError, match="patches of 64x64 do not fit into lo"):
        load_data("tiff", write_stacks(arrays), **options)
    data = load_data("tiff", write_stacks(arrays), **SMALL | {
        "patch_size": (16, 16)
    })  # fmt: skip
    assert data.axes == "YX"
    assert data.test[0].high.dtype == "float32"


def test_truths_of_two_values(pairs, write_stacks):
    arrays = {
        name: stack > 1000 if name.startswith("GT") else stack
        for name, stack in pairs("abc").items()
    }
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    np.testing.assert_array_equal(data.test[0].high, arrays["GT/c.tif"])
    assert data.test[0].high.dtype == "uint8"


def test_projections(pairs, write_stacks):
    arrays = {
        name: stack.max(axis=0) if name.startswith("GT") else stack
        for name, stack in pairs("abc").items()
    }
    options = {**SMALL, "patch_size": (16, 16)}
    data = load_data("tiff", write_stacks(arrays), "project", **options)
    assert data.train[0].shape == (20, 8, 16, 16, 1)
    assert data.train[1].shape == (20, 1, 16, 16, 1)
    assert data.test[0].low.shape == (8, 24, 20)
    assert data.test[0].high.shape == (24, 20)


def test_other_files_are_left_out(pairs, write_stacks):
    arrays = pairs("abc") | {
        "low/.DS_Store": b"x",
        "low/._a.tif": b"x",
        "low/notes.txt": b"x",
        "README": b"x",
    }
    data = load_data("tiff", write_stacks(arrays), **SMALL)
    assert len(data.description["files"]) == 6


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"GT/b.tif": None}, "low/b.tif has no truth: no b.tif in .*GT; expe"),
        ({"low/b.tif": None}, "GT/b.tif has no stack of few photons: no b.t"),
        (
            {"GT/b.tif": np.ones((8, 24, 21), "uint16")},
            "low/b.tif: expected a truth of 8x24x20 for --task=denoise, got 8",
        ),
        (
            {"low/b.tif": np.ones((8, 24, 20), "uint8")},
            "low/b.tif is uint8, a.tif is uint16; expected one data type",
        ),
        (
            {"GT/b.tif": np.ones((8, 24, 20))},
            "GT/b.tif is float64, a.tif is uint16",
        ),
        (
            {
                "low/b.tif": np.ones((24, 20), "uint16"),
                "GT/b.tif": np.ones((24, 20), "uint16"),
            },
            "patches of 4x16x16 have 3 axes; low/b.tif has 2: 24x20",
        ),
        (
            {
                "low/b.tif": np.ones((3, 24, 20), "uint16"),
                "GT/b.tif": np.ones((3, 24, 20), "uint16"),
            },
            "patches of 4x16x16 do not fit into low/b.tif of 3x24x20",
        ),
        ({"low/b.tif": b""}, "low/b.tif: not a TIFF"),
        ({"low/b.tif": "cut"}, "low/b.tif: truncated"),
        (
            {"high/a.tif": np.ones((8, 24, 20), "uint16")},
            "expected DIR/low.* in .*data, found GT, high, low$",
        ),
    ],
)
def test_pairs_that_do_not_match(pairs, write_stacks, change, match, one_line):
    arrays = pairs("abc")
    root = write_stacks(arrays)
    for name, stack in change.items():
        if stack is None:
            (root / name).unlink()
        elif isinstance(stack, str):
            content = (root / name).read_bytes()
            (root / name).write_bytes(content[: len(content) // 2])
        else:
            write_stacks({name: stack})
    with pytest.raises(UserError, match=match) as error:
        load_data("tiff", root, **SMALL)
    one_line(error)


@pytest.mark.parametrize(
    ("files", "path", "match"),
    [
        ([], "", "expected DIR/low.* in .*data, found nothing$"),
        ([], "none", "no such directory: .*none; expected DIR/low"),
        (["low/a.tif"], "", "expected DIR/low.* found low$"),
        (["low/a.tif"], "low", "expected DIR/low.* found a.tif$"),
        (["low/a.tif"], "low/a.tif", "a.tif is a file; .* --dataset=noise"),
        (["low/a.png", "GT/a.png"], "", "no stacks in .*GT; .*a.png$"),
    ],
)
def test_another_layout(write_stacks, files, path, match, one_line):
    root = write_stacks(dict.fromkeys(files, b"x"))
    with pytest.raises(UserError, match=match) as error:
        load_data("tiff", root / path, **SMALL)
    one_line(error)
