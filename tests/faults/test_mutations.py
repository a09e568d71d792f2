"""Damaged files are refused with one line, or give what is right.

A thousand mutations of each kind of file, in a process that must not crash,
hang or take much memory; see `tests.faults.mutations`. Where a file has a
checksum, nothing can be read from it but what was written. Where it has none,
a changed pixel or number looks like any other.
"""

import re

import pytest

from sanet_tf.data.decoding import FORMATS as IMAGES
from tests.faults import mutations
from tests.faults.processes import start_server

WITH_CHECKSUM = (
    "weights of a run",
    "checkpoint",
    "weights of a restoration model",
    "SavedModel",
    "manifest.json",
    "npz",
    "npz, compressed",
    "CIFAR, binary archive",
    "CIFAR, archive of pickles",
    "zarr 2, chunk, bz2",
    "zarr 2, chunk, gzip",
    "zarr 2, chunk, zlib",
)
WITHOUT = (
    "run.json",
    "labels.txt",
    "config.json",
    "weights that Keras wrote",
    "TIFF of ImageJ",
    "TIFF, LZW",
    "OME-TIFF, tiles, deflate",
    "BigTIFF, Zstandard",
    *IMAGES,
    "JPEG, progressive",
    "PNG, 16 bits",
    "CIFAR, binary file",
    "CIFAR, pickle",
    "values of manifest.json",
    "zarr 2, .zarray",
    "zarr 2, values of .zarray",
    "zarr 3, values of zarr.json",
    "OME-Zarr, values of .zattrs",
    "zarr 2, chunk, blosc",
    "zarr 2, chunk, lz4",
    "zarr 2, chunk, zstd",
    "zarr 3, shard, Zstandard",
)
MADE_BY = "{each} each of: cut off; 1 to 8 bits flipped; zeros; repeated bytes"
VALUES = "one to three values of the JSON are others, or gone"


@pytest.fixture(scope="module")
def outcomes(times, tmp_path_factory):
    start_server()
    return mutations.run(
        "tests.faults.subjects",
        (*WITH_CHECKSUM, *WITHOUT),
        tmp_path_factory.mktemp("mutations"),
        times(8, 1000),
    )


@pytest.mark.parametrize("name", [*WITH_CHECKSUM, *WITHOUT])
def test_damaged_files(name, outcomes, report):
    failures, counts = outcomes[name].failures, outcomes[name].counts
    assert failures == []
    assert counts["refused"] > 0
    text = f"refused {counts['refused']:,}, read as it was {counts['equal']:,}"
    if name in WITH_CHECKSUM:
        assert counts["other"] == 0
    else:
        text += f", read as something else {counts['other']:,} (no checksum)"
    count = counts.total()
    made_by = VALUES if "values" in name else MADE_BY.format(each=count // 4)
    report(f"Damage: {name}", made_by, count, text)


@pytest.mark.parametrize("number", range(16))
def test_mutations(number):
    content = bytes(range(256)) * 40
    damaged = mutations.mutate(content, number)
    assert damaged != content
    assert mutations.mutate(content, number) == damaged
    sizes = [len(damaged) < len(content), len(damaged) > len(content)]
    assert sizes == [number % 4 == 0, number % 4 == 3]


@pytest.mark.parametrize(
    ("subject", "outcome"),
    [
        ("crashes", "the process ended, -6"),
        ("hangs", "it hangs"),
        ("raises", "KeyError: 'key'"),
        ("says too much", r"lines: \['two', 'lines'\]"),
        ("takes memory", "it took [0-9]* bytes of memory"),
        ("takes all memory", "MemoryError: "),
    ],
)
def test_what_is_not_right_is_seen(subject, outcome, tmp_path):
    """Of five mutations the second and the fourth have a wrong outcome."""
    start_server()
    module = "tests.faults.wrong_subjects"
    seconds = 1 if subject == "hangs" else 60
    (found,) = mutations.run(module, [subject], tmp_path, 5, seconds).values()
    assert found.counts == {"refused": 2, "other": 1}
    assert len(found.failures) == 2
    for number, failure in zip((1, 3), found.failures, strict=True):
        assert re.fullmatch(f"{number}: {outcome}.*", failure)
