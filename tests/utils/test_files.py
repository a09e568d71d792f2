"""Files and folders are whole, old or new, whatever happens."""

import os
import signal
import subprocess
import sys

import pytest

from sanet_tf.utils import files, replacement
from sanet_tf.utils.errors import UserError


def content(folder):
    """`{name: text, or names in it}` of all that is in a folder."""
    return {
        path.name: content(path) if path.is_dir() else path.read_text()
        for path in folder.iterdir()
    }


def write_text(text):
    return lambda path: path.write_text(text)


def write_folder(*names):
    def write(path):
        path.mkdir()
        for name in names:
            (path / name).write_text(name)

    return write


def fail_after(write):
    def fail(path):
        write(path)
        raise RuntimeError("the disk is full")

    return fail


def test_a_file_is_made_and_replaced(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    files.write_atomically(path, write_text("old"))
    assert content(path.parent) == {"a.txt": "old"}
    files.write_atomically(str(path), write_text("new"))
    assert content(path.parent) == {"a.txt": "new"}


def test_a_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "saved"
    files.write_atomically(path, write_folder("a", "b"))
    files.write_atomically(path, write_folder("b", "c"))
    assert content(tmp_path) == {"saved": {"b": "b", "c": "c"}}


def test_the_old_one_is_there_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "model.weights.h5"
    path.write_text("old")

    def write(temporary):
        assert temporary.parent == path.parent
        assert temporary.suffixes == [".weights", ".h5"]
        temporary.write_text("ne")
        assert path.read_text() == "old"
        temporary.write_text("new")

    files.write_atomically(path, write)
    assert content(tmp_path) == {"model.weights.h5": "new"}


def test_an_exception_leaves_the_old_file(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError, match="the disk is full"):
        files.write_atomically(tmp_path / "a.txt", fail_after(write_text("n")))
    assert content(tmp_path) == {"a.txt": "old"}


def test_an_exception_leaves_the_old_folder(tmp_path):
    write_folder("a", "b")(tmp_path / "saved")
    with pytest.raises(RuntimeError, match="the disk is full"):
        files.write_atomically(
            tmp_path / "saved", fail_after(write_folder("c"))
        )
    assert content(tmp_path) == {"saved": {"a": "a", "b": "b"}}


KILLED = """
import os, signal, sys
from sanet_tf.utils import files, replacement

def write(path):
    path.mkdir()
    (path / "half").write_text("")
    os.kill(os.getpid(), signal.SIGKILL)

files.write_atomically(sys.argv[1], write)
"""


def test_leftovers_of_a_killed_process(tmp_path):
    write_folder("a")(tmp_path / "saved")
    process = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "saved"], check=False
    )
    assert process.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2
    replacement.remove_leftovers(tmp_path)
    assert content(tmp_path) == {"saved": {"a": "a"}}


def test_kill_between_the_renames_that_replace_a_folder(tmp_path):
    write_folder("a")(tmp_path / ".replaced-saved")
    replacement.remove_leftovers(tmp_path)
    assert content(tmp_path) == {"saved": {"a": "a"}}


def test_kill_after_the_renames_that_replace_a_folder(tmp_path):
    write_folder("a")(tmp_path / ".replaced-saved")
    write_folder("b")(tmp_path / "saved")
    replacement.remove_leftovers(tmp_path)
    assert content(tmp_path) == {"saved": {"b": "b"}}


def test_json(tmp_path):
    files.write_json(tmp_path / "a.json", {"top1": 0.5, "names": ["é"]})
    assert content(tmp_path) == {
        "a.json": '{\n  "top1": 0.5,\n  "names": [\n    "\\u00e9"\n  ]\n}\n'
    }


@pytest.mark.parametrize("text", ["[1]", "null", "3"])
def test_json_that_is_no_object(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match="expected an object in braces"):
        files.read_json(tmp_path / "a.json")


@pytest.mark.parametrize("below", ["a.txt", "a.txt/b/c"])
def test_a_folder_that_cannot_be_made(tmp_path, below):
    (tmp_path / "a.txt").write_text("old")
    match = f"cannot make the directory .*{below}: "
    with pytest.raises(UserError, match=match):
        files.make_directory(tmp_path / below)
    with pytest.raises(UserError, match=match):
        files.write_atomically(tmp_path / below / "d", write_text("new"))
    assert content(tmp_path) == {"a.txt": "old"}


def test_what_killed_processes_left_of_a_file_is_removed(tmp_path):
    """That of other files, and of processes that go on, is not."""
    dead, alive = 2**30, os.getppid()
    kept = {f".writing-{dead}-b.txt", f".writing-{alive}-a.txt"}
    for name in (*kept, f".writing-{dead}-a.txt"):
        (tmp_path / name).write_text("")
    files.write_atomically(tmp_path / "a.txt", write_text("new"))
    assert content(tmp_path).keys() == {"a.txt", *kept}


def test_a_kill_between_renames_is_settled_at_the_next_writing(tmp_path):
    write_folder("a")(tmp_path / ".replaced-saved")
    files.write_atomically(tmp_path / "saved", write_folder("b"))
    assert content(tmp_path) == {"saved": {"b": "b"}}


def test_a_refusal_names_the_file(tmp_path):
    def write(path):
        raise OSError(28, "No space left on device", str(path))

    with pytest.raises(UserError, match=r"^cannot write .*/a.txt: No space"):
        files.write_atomically(tmp_path / "a.txt", write)
    assert content(tmp_path) == {}


def test_room_is_made_sure_of_before(tmp_path):
    def write(path):
        raise AssertionError("it was called")

    with pytest.raises(UserError, match=r"^cannot write .*/a.h5: "):
        files.write_atomically(tmp_path / "a.h5", write, room=2**60)
    assert content(tmp_path) == {}
