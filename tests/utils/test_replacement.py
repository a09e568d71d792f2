"""What a file or a folder may replace, and by whom."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sanet_tf.restoration.io.stack import create_stack, open_stack
from sanet_tf.utils import files
from sanet_tf.utils.errors import UserError
from tests.utils.test_files import content, write_folder, write_text

WRITERS = 4
WRITER = """
import sys
from sanet_tf.utils import files

def write(path):
    path.mkdir()
    for name in "ab":
        (path / name).write_text(sys.argv[2])

for _ in range(30):
    files.write_atomically(sys.argv[1], write)
"""


def test_a_link_to_a_folder_is_kept(tmp_path):
    write_folder("a")(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    for name in "bc":
        files.write_atomically(tmp_path / "link", write_folder(name))
        assert os.readlink(tmp_path / "link") == "real"
        assert sorted(os.listdir(tmp_path)) == ["link", "real"]
        assert content(tmp_path / "real") == {name: name}


def test_a_link_to_a_file_is_replaced(tmp_path):
    """In a stranger's folder it may lead anywhere."""
    (tmp_path / "precious").write_text("old")
    (tmp_path / "link").symlink_to("precious")
    files.write_atomically(tmp_path / "link", write_text("new"))
    assert not (tmp_path / "link").is_symlink()
    assert content(tmp_path) == {"precious": "old", "link": "new"}


def test_several_processes_write_to_one_place(tmp_path):
    command = [sys.executable, "-c", WRITER, tmp_path / "exported"]
    writers = [
        subprocess.Popen([*command, str(i)], stderr=subprocess.PIPE)
        for i in range(WRITERS)
    ]
    errors = [writer.communicate()[1].decode()[-300:] for writer in writers]
    assert errors == [""] * WRITERS
    assert os.listdir(tmp_path) == ["exported"]
    written = content(tmp_path / "exported")
    assert written in [{"a": str(i), "b": str(i)} for i in range(WRITERS)]


@pytest.mark.parametrize("name", ["", ".", "..", "/", "new/../.", "/proc/.."])
def test_the_current_folder_is_not_replaced(name, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    with pytest.raises(UserError, match="in which this command runs; name"):
        files.write_atomically(name, write_folder("a"))
    assert os.listdir(tmp_path) == ["in"]


def test_a_folder_is_not_replaced_by_a_file(tmp_path):
    write_folder("a")(tmp_path / "saved")
    with pytest.raises(UserError, match="saved: it is a folder"):
        files.write_atomically(tmp_path / "saved", write_text("new"))
    assert content(tmp_path) == {"saved": {"a": "a"}}


@pytest.mark.parametrize("letter", ["a", "é", "\udc80"])
def test_the_longest_names(letter, tmp_path):
    length = 250 // len(os.fsencode(letter))
    for write in (write_text("a"), write_text("b")):
        files.write_atomically(tmp_path / (letter * length), write)
    folder = tmp_path / (letter * (length - 1) + "b")
    for names in ("a", "b"):
        files.write_atomically(folder, write_folder(names))
    assert content(tmp_path) == {letter * length: "b", folder.name: {"b": "b"}}
    with pytest.raises(UserError, match=r"cannot write .*: File name"):
        files.write_atomically(tmp_path / (letter * 256), write_text("a"))


def test_the_longest_name_of_a_stack(tmp_path):
    path = tmp_path / f"{'a' * 246}.tif"
    with create_stack(path, (4, 4), "YX", "uint8") as stack:
        stack[...] = 7
    assert os.listdir(tmp_path) == [path.name]
    np.testing.assert_array_equal(open_stack(path).data, np.full((4, 4), 7))
