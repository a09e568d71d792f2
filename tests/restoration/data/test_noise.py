"""Clean stacks that are given noise."""

import json

import numpy as np
import pytest

from sanet_tf.restoration.data import load_data
from sanet_tf.utils.errors import UserError

SMALL = {"patch_size": (4, 16, 16), "num_patches": 20}


def test_one_stack_is_cut_into_regions(scene, write_stacks):
    clean = scene((8, 64, 48))
    root = write_stacks({"a.tif": clean})
    data = load_data("noise", root / "a.tif", **SMALL, photons=15, seed=4)
    assert data.axes == "ZYX"
    assert data.train[0].shape == data.train[1].shape == (20, 4, 16, 16, 1)
    assert data.validation[0].shape == (2, 4, 16, 16, 1)
    (pair,) = data.test
    np.testing.assert_array_equal(pair.high, clean[:, 48:])
    assert pair.low.shape == pair.high.shape
    # The brightest thousandth counts 15 photons, 30 counts above the offset.
    dark, bright = np.percentile(clean, (0.1, 99.9))
    share = (np.asarray(pair.high) - dark) / (bright - dark)
    expected = 100 + 30 * share.mean()
    assert np.asarray(pair.low).mean() == pytest.approx(expected, rel=0.02)
    np.testing.assert_array_equal(
        data.validation_stacks[0].high, clean[:, 32:48]
    )
    (root / "DATA.md").write_text("CC0")
    for path in (root, root / "a.tif"):
        found = load_data("noise", path, **SMALL).description["provenance"]
        assert found == "CC0"
    description = data.description
    assert json.loads(json.dumps(description)) == description
    assert description["photons"] == 15
    assert [*description["files"]] == ["a.tif"]
    assert description["split"] == (
        "disjoint regions; train: a.tif Y 0:32; validation: a.tif Y 32:48; "
        "test: a.tif Y 48:64"
    )


def test_a_folder_is_split_by_stacks(scene, write_stacks):
    root = write_stacks({f"{n}.tif": scene((5, 20, 20)) for n in "abc"})
    data = load_data("noise", str(root), **SMALL)
    assert [pair.name for pair in data.test] == ["c.tif"]
    assert data.test[0].low.shape == (5, 20, 20)
    assert (data.description["files"]).keys() == {"a.tif", "b.tif", "c.tif"}


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int16"])
def test_pictures_of_any_type(scene, write_stacks, dtype):
    clean = (scene((60, 40)) / 10).astype(dtype)
    root = write_stacks({"a.TIFF": clean})
    data = load_data(
        "noise", root / "a.TIFF", patch_size=(16, 16), num_patches=5
    )
    assert data.axes == "YX"
    assert data.test[0].high.dtype == dtype


def test_more_photons_are_closer_to_the_truth(scene, write_stacks):
    root = write_stacks({"a.tif": scene((8, 64, 48))})

    def correlation(photons):
        data = load_data("noise", root / "a.tif", **SMALL, photons=photons)
        return np.corrcoef(*map(np.ravel, data.train))[0, 1]

    assert correlation(3) < correlation(300)


@pytest.mark.parametrize(
    ("files", "path", "options", "match"),
    [
        ({}, "", {}, "no stacks in .*; expected .* found nothing"),
        ({}, "a.tif", {}, "a.tif: no such file"),
        ({"a.txt": b"x"}, "", {}, "no stacks in .*, found a.txt"),
        ({"a.tif": b"x"}, "a.tif", {}, "a.tif: not a TIFF"),
        ({"a.tif": np.ones((9, 60, 60))}, "", {}, "a.tif: .* must have contr"),
        ({"a.tif": np.ones((2, 3, 9, 9))}, "", {}, "ZYX, of one channel; got"),
        (
            {"a.tif": np.ones((30, 40, 3), "uint8")},
            "a.tif",
            {},
            "of one channel; got axes YXS of 30x40x3",
        ),
        (
            {"a.tif": np.full((9, 60, 60), np.nan)},
            "a.tif",
            {},
            "a.tif: 32400 voxels are NaN or infinite",
        ),
        ({}, "", {"task": "project"}, "is for --task=denoise, got --task=pro"),
        ({}, "", {"photons": 0}, "--photons must be positive, got 0"),
    ],
)
def test_what_users_type_wrong(
    write_stacks, files, path, options, match, one_line
):
    root = write_stacks(files)
    with pytest.raises(UserError, match=match) as error:
        load_data("noise", root / path, **SMALL, **options)
    one_line(error)
