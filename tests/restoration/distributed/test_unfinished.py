"""What is interrupted goes on; nothing is mixed, lost or half there."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.distributed import unfinished
from sanet_tf.restoration.distributed.executors import Here
from sanet_tf.restoration.distributed.journal import Journal
from sanet_tf.utils import replacement
from sanet_tf.utils.errors import UserError
from tests.restoration.distributed.interrupted import (
    OPTIONS,
    TASKS,
    Sharing,
    count,
    interrupt,
)
from tests.restoration.models import fill


@pytest.mark.parametrize(
    ("tasks", "suffix"),
    [
        *((tasks, ".ome.zarr") for tasks in range(TASKS)),
        *((tasks, ".tif") for tasks in (0, 1, 4, 11)),
    ],
)
def test_goes_on(trained, write_ramp, restore, tasks, suffix):
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    name, other = f"a{suffix}", f"b{suffix}"
    expected = restore(model, source, other, **OPTIONS)
    interrupt(restore, model, source, tasks, name, **OPTIONS)
    folder = source.parent / "out"
    assert (folder / "unfinished-a").exists() == (tasks > 0)
    assert not (folder / name).exists()
    steps = ["collect"] + 8 * ["gather"] + 4 * ["restore"]
    done, found = count(restore, model, source, name, **OPTIONS)
    assert done == steps[tasks:]
    np.testing.assert_array_equal(found, expected)
    assert sorted(os.listdir(folder)) == [name, other]


@pytest.mark.parametrize("name", ["a.tif", "a.ome.zarr"])
def test_an_error_of_the_stack_leaves_nothing(
    trained, write_ramp, restore, name
):
    """The same command would end in it again."""
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    values = tifffile.imread(source)
    values[30, 3, 4] = np.nan
    tifffile.imwrite(source, values, imagej=True, metadata={"axes": "ZYX"})
    with pytest.raises(UserError, match="expected finite"):
        restore(model, source, name)
    assert os.listdir(source.parent / "out") == []


@pytest.mark.parametrize("name", ["a.tif", "a.ome.zarr"])
def test_an_error_of_the_model_leaves_nothing(
    trained, write_ramp, restore, name
):
    """It is found when the tiles' means are known, and in the journal."""
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    *weights, bias = model.keras_model.get_weights()
    model.keras_model.set_weights([*weights, np.full_like(bias, np.nan)])
    try:
        with pytest.raises(UserError, match="the result is not finite"):
            restore(model, source, name, **OPTIONS)
    finally:
        model.keras_model.set_weights([*weights, bias])
    assert os.listdir(source.parent / "out") == []


def test_goes_on_with_times(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("TZYX", (2, 8, 46, 44))
    options = {"zarr_chunks": (8, 16, 16), "n_tiles": (1, 1, 2, 1)}
    expected = restore(model, source, "b.ome.zarr", **options)
    interrupt(restore, model, source, 9, **options)
    done, found = count(restore, model, source, **options)
    assert done == 3 * ["gather"] + 2 * ["restore"]  # of the second time
    np.testing.assert_array_equal(found, expected)


def test_what_has_changed(trained, write_ramp, restore):
    """It is said, nothing is lost, and then it begins anew."""
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    changes = {
        "statistics": {"statistics": "volume"},
        "zarr_version": {"zarr_version": "0.4"},
        "zarr_chunks": {"zarr_chunks": (9, 16, 8)},
        "n_tiles": {"n_tiles": (2, 2, 2)},
        "targets": {"dtype": "uint16"},
        "cluster": {"executor": Sharing()},
    }
    interrupt(restore, model, source, 5, **OPTIONS)
    for name, changed in changes.items():
        changed = {**OPTIONS, **changed}
        with pytest.raises(UserError, match=f"with another {name}; the same"):
            restore(model, source, "a.ome.zarr", **changed)
    changed = {**OPTIONS, "zarr_chunks": (1, 1), "overwrite": True}
    with pytest.raises(ValueError, match="chunks along ZYX"):
        restore(model, source, "a.ome.zarr", **changed)
    done, _ = count(restore, model, source, overwrite=True, **OPTIONS)
    assert len(done) == TASKS - 5
    for changed in changes.values():
        interrupt(restore, model, source, 5, **OPTIONS)
        options = {**OPTIONS, "overwrite": True, **changed}
        done, _ = count(restore, model, source, **options)
        assert "executor" in changed or done[0] == "collect"
    assert os.listdir(source.parent / "out") == ["a.ome.zarr"]


def test_another_stack_or_model(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    interrupt(restore, model, source, 5, **OPTIONS)
    (source.parent / "other").mkdir()
    other = source.parent / "other/a.tif"
    shutil.copy2(source, other)
    with pytest.raises(UserError, match="with another source"):
        restore(model, other, "a.ome.zarr", **OPTIONS)
    (model.logdir / "TF_SavedModel.zip").touch()  # csbdeep's export
    interrupt(restore, model, source, 1, **OPTIONS)
    write_ramp("ZYX", (40, 46, 44))
    with pytest.raises(UserError, match="with another source"):
        restore(model, source, "a.ome.zarr", **OPTIONS)
    shutil.copy2(other, source)
    fill(model, 2)
    model.keras_model.save_weights(model.logdir / "weights_best.h5")
    with pytest.raises(UserError, match="with another model"):
        restore(model, source, "a.ome.zarr", **OPTIONS)


def test_planes_with_the_results_among_them(trained, rng, restore, tmp_path):
    model, folder = trained("plane"), tmp_path
    for number in range(3):
        plane = rng.random((46, 44), np.float32)
        tifffile.imwrite(folder / f"{number}.tif", plane)
    (folder / ".#0.tif").symlink_to("nowhere")
    interrupt(restore, model, folder, 4)
    done, _ = count(restore, model, folder)
    assert done == 2 * ["restore"]


@pytest.mark.parametrize("uncertainty", [False, True])
def test_interrupted_at_the_very_end(
    trained, write_ramp, restore, monkeypatch, uncertainty
):
    """Between the names of two results, and before their folder is gone."""
    model = trained("probabilistic")
    source = write_ramp("ZYX", (8, 46, 44))
    options = {"uncertainty": uncertainty}
    expected = restore(model, source, "b.ome.zarr", **options)
    replace = replacement.replace
    for ended_at in range(1 + uncertainty):
        left = [ended_at]

        def replace_or_end(new, path, left=left):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            replace(new, path)

        monkeypatch.setattr(replacement, "replace", replace_or_end)
        with pytest.raises(KeyboardInterrupt):
            restore(model, source, "a.ome.zarr", **options)
        monkeypatch.undo()
        # What appears last is what is looked for: then all is there.
        assert not (source.parent / "out/a.ome.zarr").exists()
        found = restore(model, source, "a.ome.zarr", **options)
        np.testing.assert_array_equal(found, expected)
        folder = source.parent / "out"
        assert not (folder / "unfinished-a").exists()
        shutil.rmtree(folder / "a.ome.zarr")


def test_nothing_is_left_before_the_first_task(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("ZYX", (8, 46, 44))
    with pytest.raises(ValueError, match="chunks along ZYX, one number"):
        restore(model, source, "a.ome.zarr", zarr_chunks=(1, 1))
    with pytest.raises(ValueError, match="n_tiles"):
        restore(model, source, "a.ome.zarr", n_tiles=(0, 1, 1))
    assert os.listdir(source.parent / "out") == []
    (source.parent / "out/a.ome.zarr").write_text("")
    with pytest.raises(UserError, match="it is a file"):
        restore(model, source, "a.ome.zarr")
    assert os.listdir(source.parent / "out") == ["a.ome.zarr"]


def test_two_at_once(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("ZYX", (8, 46, 44))

    class Second(Here):
        def run(self, *arguments):
            with pytest.raises(UserError, match="another process works on"):
                restore(model, source, "a.ome.zarr")
            return super().run(*arguments)

    restore(model, source, "a.ome.zarr", executor=Second())


def test_what_killed_processes_leave_in_a_result(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    interrupt(restore, model, source, 11, **OPTIONS)
    (made,) = (source.parent / "out/unfinished-a").glob("*.zarr")
    (made / "0/c.partial").write_bytes(b"half a chunk")
    restore(model, source, "a.ome.zarr", **OPTIONS)
    names = {p.suffix for p in (source.parent / "out").rglob("*")}
    assert not {".partial", ".jsonl"} & names


def test_a_result_on_another_file_system(
    trained, write_ramp, restore, monkeypatch
):
    """It is said before anything is restored."""
    model = trained("probabilistic")
    source = write_ramp("ZYX", (8, 46, 44))
    monkeypatch.setattr(unfinished, "_device", lambda path: path.name)
    with pytest.raises(UserError, match="is on another file system than"):
        restore(model, source, "a.ome.zarr", uncertainty=True)
    assert not [*Path(source.parent / "out").glob("unfinished*")]


def test_sums_are_freed_once_their_mean_is_known(
    trained, write_ramp, restore, monkeypatch
):
    forgotten = []
    forget = Journal.forget

    def forget_and_record(self, keys):
        forgotten.extend(keys)
        forget(self, keys)

    monkeypatch.setattr(Journal, "forget", forget_and_record)
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    restore(model, source, "a.ome.zarr", **OPTIONS)
    assert len({*forgotten}) == 8
    assert {key[0] for key in forgotten} == {"gather"}
