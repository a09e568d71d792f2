"""Training files that are mapped into memory, whole and damaged."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from sanet_tf.restoration.data import npz
from sanet_tf.utils.errors import UserError


@pytest.fixture
def arrays(rng):
    x = rng.normal(size=(13, 1, 5, 7, 3)).astype("float32")
    return {"X": x, "Y": 2 * x, "axes": np.array("SCZYX")}


def mapped(array):
    """The file that an array is mapped to."""
    while not isinstance(array, np.memmap):
        array = array.base
    return Path(array.filename)


def test_uncompressed_arrays_are_mapped_inside_the_archive(arrays, tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    (x, y), identity = npz.open_arrays(path, ("X", "Y"))
    np.testing.assert_array_equal(x, arrays["X"])
    np.testing.assert_array_equal(y[[4, 2, 4]], arrays["Y"][[4, 2, 4]])
    assert mapped(x) == mapped(y) == path
    assert [*tmp_path.iterdir()] == [path]
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1
    with zipfile.ZipFile(path) as archive:
        checksum = f"{archive.getinfo('X.npy').CRC:08x}"
    assert identity["crc32"]["X"] == checksum
    assert identity["file"] == "a.npz"
    assert identity["bytes"] == path.stat().st_size


def test_compressed_arrays_are_unpacked_once(arrays, tmp_path):
    path, cache = tmp_path / "a.npz", tmp_path / "new" / "cache"
    np.savez_compressed(path, **arrays)
    (x, _), _ = npz.open_arrays(path, ("X", "Y"), cache)
    np.testing.assert_array_equal(x, arrays["X"])
    assert {file.suffix for file in cache.iterdir()} == {".npy"}
    times = {file: file.stat().st_mtime_ns for file in cache.iterdir()}
    assert len(times) == 2
    npz.open_arrays(path, ("X", "Y"), cache)
    assert times == {f: f.stat().st_mtime_ns for f in cache.iterdir()}
    # Other data under the same name are not mistaken for these.
    np.savez_compressed(path, X=arrays["X"] + 1)
    ((x,), _) = npz.open_arrays(path, ("X",), cache)
    np.testing.assert_array_equal(x, arrays["X"] + 1)
    # Nor is half a file that somebody left there.
    npz.open_arrays(path, ("X",))
    (unpacked,) = tmp_path.glob("*.npy")
    unpacked.write_bytes(unpacked.read_bytes()[:-40])
    ((x,), _) = npz.open_arrays(path, ("X",))
    np.testing.assert_array_equal(x, arrays["X"] + 1)


def test_column_major_and_large_headers(tmp_path):
    array = np.asfortranarray(np.arange(24.0).reshape(2, 3, 4))
    np.savez(tmp_path / "a.npz", X=array)
    ((x,), _) = npz.open_arrays(tmp_path / "a.npz", ("X",))
    np.testing.assert_array_equal(x, array)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kept", [0, 10, 0.5, -1])
def test_cut_off(arrays, tmp_path, one_line, save, kept):
    path = tmp_path / "a.npz"
    save(path, **arrays)
    content = path.read_bytes()
    kept = int(kept * len(content)) if isinstance(kept, float) else kept
    path.write_bytes(content[:kept])
    with pytest.raises(UserError, match=r"a.npz is not a whole \.npz") as error:
        npz.open_arrays(path, ("X", "Y"))
    one_line(error)
    assert not [*tmp_path.glob("*.npy")]


def test_damage_is_found_when_unpacking(arrays, tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **arrays)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"is not a whole \.npz"):
        npz.open_arrays(path, ("X", "Y"))


def test_a_full_disk(arrays, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **arrays)
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(npz.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"needs 0.0 GB, .* --cache_dir"):
        npz.open_arrays(path, ("X",))


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"a": np.ones(3)}, "no array X in .*a.npz; .*found a.npy"),
        ({"X": np.array([{}, "x"])}, "arrays hold Python objects"),
    ],
)
def test_other_arrays(tmp_path, arrays, match, one_line):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match=match) as error:
        npz.open_arrays(tmp_path / "a.npz", ("X",))
    one_line(error)


def test_an_archive_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("X.npy", "not an array")
    with pytest.raises(UserError, match=r"not a whole \.npz file of arrays"):
        npz.open_arrays(tmp_path / "a.npz", ("X",))


def test_flipped_bytes_never_give_another_error(arrays, tmp_path, rng):
    for save in (np.savez, np.savez_compressed):
        path = tmp_path / f"{save.__name__}.npz"
        save(path, **arrays)
        whole = path.read_bytes()
        for position in rng.integers(0, len(whole), 60):
            content = bytearray(whole)
            content[position] ^= 1 << rng.integers(8)
            path.write_bytes(content)
            try:
                opened, _ = npz.open_arrays(path, ("X", "Y"))
            except UserError:
                continue
            assert all(array.dtype.kind != "O" for array in opened)
