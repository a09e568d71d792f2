"""A folder belongs to one command, as soon as it holds what was trained."""

import json

import pytest

from sanet_tf.training.run_directory import RunDirectory, check_flags
from sanet_tf.utils.errors import UserError


@pytest.fixture
def opened(tmp_path):
    """Function of flags to the folder of a run, closed again at once."""

    def opened(class_names=("a", "b"), **flags):
        run = RunDirectory(tmp_path / "run", flags)
        try:
            run.keep_labels(class_names)
        finally:
            run.close()
        return run

    return opened


def test_nothing_saved_is_begun_anew(opened):
    run = opened(learning_rate=9.0)
    (run / "initial_weights.json").write_text("{}")
    opened(("a", "c"), learning_rate=0.1)
    record = json.loads((run / "run.json").read_text())
    assert record["flags"] == {"learning_rate": 0.1}
    assert (run / "labels.txt").read_text() == "a\nc\n"
    assert not (run / "initial_weights.json").exists()


def test_other_flags(opened):
    run = opened(epochs=2)
    (run / "last.weights.h5").touch()
    match = r"\(--epochs was 2, is 4\); choose another --output$"
    with pytest.raises(UserError, match=match):
        check_flags(run / "run.json", {"epochs": 4})
    (run / "best.weights.h5").touch()
    match = rf"another --output, and add --init_from={run.path} to begin"
    with pytest.raises(UserError, match=match):
        check_flags(run / "run.json", {"epochs": 4})
    opened(epochs=2)
    with pytest.raises(UserError, match="other classes than the 1 of"):
        opened(("a",), epochs=2)


def test_it_is_closed_with_its_block(tmp_path):
    """And where it is refused: open files are errors in these tests."""
    with RunDirectory(tmp_path / "run", {"epochs": 2}) as run:
        with pytest.raises(UserError, match="another process is writing"):
            RunDirectory(run.path, {})
        (run / "last.weights.h5").touch()
    with pytest.raises(UserError, match="a run with other flags"):
        RunDirectory(run.path, {"epochs": 4})
    RunDirectory(run.path, {"epochs": 2}).close()
