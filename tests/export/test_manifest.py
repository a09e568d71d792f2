"""Manifests: whole, or one line that says what is wrong."""

import hashlib
import json
import re

import numpy as np
import pytest

import sanet_tf
from sanet_tf.export import manifest
from sanet_tf.utils.errors import UserError

ENTRIES = {
    "format": "litert",
    "kind": "classifier",
    "model": "sanet",
    "quantize": "none",
    "input": {"name": "images", "dtype": "uint8", "shape": [None, 8, 8, 3]},
    "output": {"name": "probabilities", "dtype": "float32", "shape": [None, 4]},
    "checks": {},
    "versions": {},
    "labels": ["Hund", "été", "犬", "no\udcffname"],
    "image_size": 8,
    "scaled_size": 9,
}
RESTORATION = {
    "kind": "restoration",
    "input": {"name": "input", "dtype": "float32", "shape": [None] * 4 + [1]},
    "axes": "ZYXC",
    "axes_out": "YXC",
    "axes_div_by": [2, 4, 4, 1],
    "channels_in": 1,
    "channels_out": 1,
    "normalizer": {"kind": "percentile", "pmin": 2, "pmax": 99.8},
}


@pytest.fixture
def folder(tmp_path):
    """A folder with two files and their manifest."""
    (tmp_path / "model.tflite").write_bytes(b"weights")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "more").write_bytes(b"more weights")
    manifest.write(tmp_path, ENTRIES)
    return tmp_path


def resign(folder, **changes):
    """A manifest that fits its own checksum, as a stranger can make it."""
    about = json.loads((folder / manifest.NAME).read_text()) | changes
    about["checksum"] = manifest._checksum(about)
    (folder / manifest.NAME).write_text(json.dumps(about))


def test_round_trip(folder):
    found = manifest.read(folder)
    assert found | ENTRIES == found
    assert found["sha256"] == {
        "inside/more": hashlib.sha256(b"more weights").hexdigest(),
        "model.tflite": hashlib.sha256(b"weights").hexdigest(),
    }


def test_other_files_do_no_harm(folder):
    (folder / ".DS_Store").write_bytes(b"")
    manifest.read(folder)


@pytest.mark.parametrize("name", ["model.tflite", "inside/more"])
@pytest.mark.parametrize("content", [None, b"", b"weightz"])
def test_damaged_files(folder, name, content):
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is missing or damaged"):
        manifest.read(folder)


def test_every_flipped_bit_of_the_manifest_is_seen(folder):
    path = folder / manifest.NAME
    whole, original = path.read_bytes(), manifest.read(folder)
    rng, errors = np.random.default_rng(0), []
    for place in rng.integers(0, len(whole), 300):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            assert manifest.read(folder) == original  # white space
        except UserError as error:
            errors.append(str(error))
    assert len(errors) > 200
    assert not [error for error in errors if "\n" in error]


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "null", '{"checksum": 1}', "[" * 10_000, "\xff"],
)
def test_what_is_no_manifest(folder, text):
    (folder / manifest.NAME).write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match="is damaged, or not of this package"):
        manifest.read(folder)


def test_a_newer_one(folder):
    resign(folder, format_version=2)
    with pytest.raises(UserError, match="format version 2, this program reads"):
        manifest.read(folder)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/hostname", "a\0", "\ud800"]
)
def test_files_elsewhere_are_not_read(folder, name):
    secret = folder.parent / "secret"
    secret.write_bytes(b"secret")
    checksum = hashlib.sha256(b"secret").hexdigest()
    resign(folder, sha256={"model.tflite": checksum, name: checksum})
    (folder / "model.tflite").write_bytes(b"secret")
    with pytest.raises(UserError, match=r"leads out of its folder|`sha256` is"):
        manifest.read(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "pickle"}, "`format` is 'pickle', not one of saved_model"),
        ({"format": ["litert"]}, "`format` is .'litert'., not one of"),
        ({"format": "onnx"}, "`sha256` lacks the file of the network"),
        ({"kind": {}}, "`kind` is {}, not one of classifier, restoration"),
        ({"quantize": "int4"}, "`quantize` is 'int4'"),
        ({"sha256": []}, r"`sha256` is \[\], not a table"),
        ({"sha256": {}}, "`sha256` lacks the file of the network"),
        ({"sha256": {"model.tflite": 1}}, "`sha256` is"),
        ({"output": 1}, "`output` is 1, not a name, a dtype and a shape"),
        ({"input": {"name": "images"}}, "`input` is"),
        (
            {"labels": ["a"]},
            r"`output` does not fit.*expected \[None, 1\], got",
        ),
        ({"labels": ["a", "b", "c", 4]}, "`labels` is"),
        ({"labels": "abcd"}, "`labels` is 'abcd', not a list"),
        (
            {"scaled_size": "32"},
            "`scaled_size` is '32', not a number of pixels",
        ),
        ({"scaled_size": 7}, "`scaled_size` is below `image_size`"),
        ({"scaled_size": 10**9}, "`scaled_size` is 1000000000"),
        ({"image_size": True}, "`image_size` is True"),
        ({"image_size": 16, "scaled_size": 16}, "`input` does not fit"),
        ({"kind": "restoration"}, "it has no `axes`"),
        ({**RESTORATION, "axes": "QYXC"}, "`axes` is 'QYXC'"),
        ({**RESTORATION, "axes": "YXC"}, "`input` does not fit"),
        ({**RESTORATION, "axes_out": "TYXC"}, "`axes_out` has others"),
        ({**RESTORATION, "axes_div_by": [4, 4, 1]}, "`axes_div_by` does not"),
        ({**RESTORATION, "axes_div_by": [0] * 4}, "`axes_div_by` is"),
        ({**RESTORATION, "channels_out": 1.5}, "`channels_out` is 1.5"),
        ({**RESTORATION, "normalizer": None}, "`normalizer` is None"),
        (
            {**RESTORATION, "normalizer": {"kind": "percentile", "pmin": 2}},
            "`normalizer` is",
        ),
    ],
)
def test_entries_of_other_kinds(folder, changes, message):
    resign(folder, **changes)
    with pytest.raises(UserError, match=message) as raised:
        sanet_tf.load(folder)
    assert "\n" not in str(raised.value)


def test_both_kinds_are_accepted(folder):
    assert manifest.read(folder)["kind"] == "classifier"
    resign(folder, **RESTORATION)
    assert manifest.read(folder)["kind"] == "restoration"


def test_a_foreign_file(folder):
    """model.tflite is none."""
    pattern = f"^{re.escape(str(folder))} is not a network of this package"
    with pytest.raises(UserError, match=pattern) as raised:
        sanet_tf.load(folder)
    assert "\n" not in str(raised.value)


def test_folders_without_a_network(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UserError, match=r"no network in .*manifest\.json"):
            sanet_tf.load(path)
