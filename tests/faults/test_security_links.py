"""Folders from strangers: links in them lead nowhere, pipes are not read."""

import json
import os

import pytest

from sanet_tf import inference
from sanet_tf.data.decoding import ImageError, decode_image
from sanet_tf.export import manifest
from sanet_tf.training.run_directory import RunDirectory
from sanet_tf.utils import files
from tests.export.test_manifest import ENTRIES
from tests.faults.refusals import refuses
from tests.faults.test_security import copy, folders  # noqa: F401


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("run", "run.json"),
        ("run", "labels.txt"),
        ("run", "best.weights.h5"),
        ("model", "config.json"),
        ("model", "weights_best.h5"),
    ],
)
def test_links_in_a_folder(kind, name, copy, tmp_path):  # noqa: F811
    folder, elsewhere = copy(kind), tmp_path / "elsewhere"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    match = f"{name} leads out of its folder, to .*elsewhere"
    refuses(inference.load, folder, match=match)
    elsewhere.rename(folder / "inside")
    (folder / name).unlink()
    (folder / name).symlink_to("inside")
    inference.load(folder)


def test_a_link_to_the_model(copy, tmp_path):  # noqa: F811
    (tmp_path / "run").mkdir()
    (tmp_path / "run/model").symlink_to(copy("model"))
    match = "model leads out of its folder"
    refuses(inference.load, tmp_path / "run", match=match)


@pytest.mark.parametrize("name", ["../a", "/a", "\0"])
def test_names_in_a_manifest(name, tmp_path):
    folder = tmp_path / "exported"
    folder.mkdir()
    (tmp_path / "a").write_bytes(b"a")
    (folder / "model.tflite").write_bytes(b"a")
    written = manifest.write(folder, ENTRIES)
    written["sha256"][name] = files.sha256(tmp_path / "a")
    written["checksum"] = manifest._checksum(written)
    (folder / "manifest.json").write_text(json.dumps(written))
    refuses(manifest.read, folder, match="leads out of its|`sha256` is ")


@pytest.mark.parametrize("name", ["labels.txt", "weights_best.h5"])
def test_pipes_in_a_folder(name, copy):  # noqa: F811
    folder = copy("run" if name == "labels.txt" else "model")
    (folder / name).unlink()
    os.mkfifo(folder / name)
    refuses(inference.load, folder, match=f"{name} is neither a file nor")


@pytest.mark.parametrize("name", ["manifest.json", "model.tflite"])
def test_links_in_an_exported_network(name, tmp_path):
    folder = tmp_path / "exported"
    folder.mkdir()
    (folder / "model.tflite").write_bytes(b"a")
    manifest.write(folder, ENTRIES)
    manifest.read(folder)
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    refuses(manifest.read, folder, match=f"{name} leads out of its folder")


def test_links_in_the_folder_of_a_run_that_is_resumed(tmp_path):
    precious, run = tmp_path / "precious", tmp_path / "run"
    precious.write_text("precious")
    run.mkdir()
    (run / ".lock").symlink_to(precious)
    refuses(RunDirectory, run, {}, match=r"\.lock leads out of its folder")
    assert precious.read_text() == "precious"
    (run / ".lock").unlink()
    opened = RunDirectory(run, {})
    (run / "last.weights.h5").symlink_to(precious)
    refuses(opened.__truediv__, "last.weights.h5", match="leads out of its")
    opened.close()


def test_a_pipe_among_pictures(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    refuses(decode_image, tmp_path / "a.png", match="a file", error=ImageError)
