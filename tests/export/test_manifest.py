"""Manifests: whole, or one line that says what is wrong."""

import hashlib
import json
import re

import numpy as np
import pytest

import sanet_tf
from sanet_tf.errors import UserError
from sanet_tf.export import manifest

ENTRIES = {
    "format": "litert",
    "kind": "classifier",
    "model": "sanet",
    "labels": ["Hund", "été", "犬", "no\udcffname"],
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


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname"])
def test_files_elsewhere_are_not_read(folder, name):
    secret = folder.parent / "secret"
    secret.write_bytes(b"secret")
    checksum = hashlib.sha256(b"secret").hexdigest()
    resign(folder, sha256={name: checksum})
    with pytest.raises(UserError, match="leads out of its folder"):
        manifest.read(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {},  # model.tflite is none
        {"format": "pickle"},
        {"format": ["litert"]},
        {"format": "onnx"},
        {"format": "saved_model", "output": 1},
    ],
)
def test_foreign_folders(folder, changes):
    resign(folder, **changes)
    pattern = f"^{re.escape(str(folder))} is not a network of this package"
    with pytest.raises(UserError, match=pattern) as raised:
        sanet_tf.load(folder)
    assert "\n" not in str(raised.value)


def test_folders_without_a_network(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UserError, match=r"no network in .*manifest\.json"):
            sanet_tf.load(path)
