"""A journal: what is added is there again, whatever ended its process."""

import fcntl
import json

import numpy as np
import pytest

from sanet_tf.restoration.distributed.journal import Journal
from sanet_tf.restoration.distributed.packing import packed, unpacked
from sanet_tf.utils.errors import UserError


def test_values_are_there_again(tmp_path):
    path = tmp_path / "journal"
    with Journal(path) as journal:
        assert len(journal) == 0
        journal.add(("gather", 0, 1, 2), [[0.1, 1e-300], 7])
        journal.add(("restore", 3), None)
        assert journal["gather", 0, 1, 2] == [[0.1, 1e-300], 7]
    with Journal(path) as journal:
        assert len(journal) == 2
        assert journal["gather", 0, 1, 2] == [[0.1, 1e-300], 7]
        assert ("restore", 3) in journal
        assert ("restore", 4) not in journal
        journal.clear()
        journal.add(("b",), 1)
    with Journal(path) as journal:
        assert ("b",) in journal
        assert len(journal) == 1


@pytest.mark.parametrize("cut", [1, 3, 8])
def test_an_unfinished_line_is_left_out(tmp_path, cut):
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.add(("a",), 1)
        journal.add(("b",), 2)
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(path) as journal:
        assert ("b",) not in journal
        journal.add(("c",), 3)
    with Journal(path) as journal:
        assert [journal["a",], journal["c",], len(journal)] == [1, 3, 2]


def test_forgotten_values_stay_in_the_file(tmp_path):
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.add(("a",), 1)
        journal.add(("b",), 2)
        journal.forget([("a",), ("c",)])
        assert ("a",) not in journal
        assert journal["b",] == 2
    with Journal(path) as journal:
        assert journal["a",] == 1


def test_arrays_are_kept_to_the_bit(rng):
    for shape in (), (3,), (2, 0, 4), (2, 3, 4):
        values = rng.normal(size=shape)
        stored = json.loads(json.dumps(packed(values)))
        np.testing.assert_array_equal(unpacked(stored), values)
        assert unpacked(stored).shape == shape


def test_a_damaged_line_is_left_out(tmp_path):
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.add(("a",), 1)
    path.write_bytes(path.read_bytes() + bytes(40) + b"\n")
    with Journal(path) as journal:
        assert len(journal) == 1
        journal.add(("b",), 2)
    with Journal(path) as journal:
        assert len(journal) == 2


@pytest.mark.parametrize("begun", [False, True])
def test_another_has_just_ended(tmp_path, monkeypatch, begun):
    """It was removed before it was locked; a third may have begun anew."""
    path = tmp_path / "journal"

    def remove(*_):
        path.rename(tmp_path / "old")
        if begun:
            path.touch()

    monkeypatch.setattr(fcntl, "flock", remove)
    with pytest.raises(UserError, match="another process has just ended"):
        Journal(path)


def test_two_at_once(tmp_path):
    with Journal(tmp_path / "journal") as journal:
        journal.add(("a",), 1)
        with pytest.raises(UserError, match="another process works on"):
            Journal(tmp_path / "journal")
    with Journal(tmp_path / "journal") as journal:
        assert ("a",) in journal
