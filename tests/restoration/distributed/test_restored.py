"""Restored by tasks: equal to what is restored at once, and gone on with."""

import os
import shutil

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.distributed.executors import Here
from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.utils import replacement
from sanet_tf.utils.errors import UserError
from tests.restoration.models import fill

# A model, a stack, its tiles and the chunks of its result
CASES = {
    "volume": ("volume", "ZYX", (40, 46, 44), (2, 2, 2), (7, 11, 16)),
    "times": ("volume", "TZYX", (2, 20, 46, 44), (1, 1, 2, 2), (32, 16, 16)),
    "planes": ("plane", "ZYX", (3, 92, 64), (1, 3, 2), None),
    "planes_of_a_chunk": ("plane", "ZYX", (3, 92, 64), (1, 3, 2), (2, 8, 8)),
    "projection": ("projection", "ZYX", (8, 92, 64), (1, 2, 2), (20, 32)),
    "channels": ("pair", "ZCYX", (2, 2, 92, 64), (1, 1, 3, 2), None),
    "without": ("none", "ZYX", (40, 46, 44), (2, 2, 2), (9, 9, 9)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.uint16])
@pytest.mark.parametrize("name", CASES)
def test_equals_at_once(trained, write_ramp, restore, name, dtype):
    model, axes, shape, n_tiles, chunks = CASES[name]
    model, source = trained(model), write_ramp(axes, shape, dtype)
    expected = restore(model, source, "a.tif")
    if name == "channels":  # ImageJ's order and OME-Zarr's
        expected = expected.swapaxes(0, 1)
    options = {"n_tiles": n_tiles, "zarr_chunks": chunks}
    found = restore(model, source, "a.ome.zarr", **options)
    limit = 2e-5 * expected.std()
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)
    assert sorted(os.listdir(source.parent / "out")) == ["a.ome.zarr", "a.tif"]
    assert not [*(source.parent / "out/a.ome.zarr").rglob("*.jsonl")]


@pytest.mark.parametrize("statistics", ["tile", "window"])
def test_other_statistics(trained, write_ramp, restore, statistics):
    model, source = trained("volume"), write_ramp("ZYX", (8, 46, 44))
    model.config.train_patch_size = (8, 16, 16)
    options = {"statistics": statistics, "n_tiles": (1, 1, 1)}
    expected = restore(model, source, "a.tif", **options)
    found = restore(model, source, "a.ome.zarr", **options)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_uncertainty_integers_and_versions(trained, write_ramp, restore):
    model, source = trained("probabilistic"), write_ramp("ZYX", (20, 46, 44))
    options = {"uncertainty": True, "dtype": "uint16"}
    expected = restore(model, source, "a.tif", **options)
    zarr = {"zarr_version": "0.4", "n_tiles": (1, 2, 1), **options}
    found = restore(model, source, "a.ome.zarr", **zarr)
    assert found.dtype == np.uint16
    assert np.abs(found.astype(int) - expected).max() <= 1
    folder = source.parent / "out"
    assert open_stack(folder / "a.ome.zarr").data.metadata.zarr_format == 2
    deviations = [
        open_stack(folder / "uncertainty" / name).data[...]
        for name in ("a.tif", "a.ome.zarr")
    ]
    assert deviations[0].std() > 0
    np.testing.assert_allclose(*deviations, rtol=1e-4)


class Interrupted(Here):
    """A process that is ended after so many tasks; then it counts them."""

    def __init__(self, tasks):
        self.left, self.done = tasks, []

    def run(self, opened, step, tasks):
        for key, result in super().run(opened, step, tasks):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            self.done.append(step)
            yield key, result


OPTIONS = {"n_tiles": (2, 1, 2), "zarr_chunks": (9, 16, 16)}
TASKS = 13  # one for the intensities, four tiles in three passes


def interrupt(restore, model, source, tasks, **options):
    executor = Interrupted(tasks)
    with pytest.raises(KeyboardInterrupt):
        restore(model, source, "a.ome.zarr", executor=executor, **options)


def count(restore, model, source, **options):
    """The steps of the tasks that are done, and the result."""
    executor = Interrupted(-1)
    options = {"executor": executor, **options}
    return executor.done, restore(model, source, "a.ome.zarr", **options)


@pytest.mark.parametrize("tasks", range(TASKS))
def test_goes_on(trained, write_ramp, restore, tasks):
    model, source = trained("volume"), write_ramp("ZYX", (40, 46, 44))
    expected = restore(model, source, "b.ome.zarr", **OPTIONS)
    interrupt(restore, model, source, tasks, **OPTIONS)
    folder = source.parent / "out"
    assert (folder / "unfinished-a").exists() == (tasks > 0)
    assert not (folder / "a.ome.zarr").exists()
    steps = ["collect"] + 8 * ["gather"] + 4 * ["restore"]
    done, found = count(restore, model, source, **OPTIONS)
    assert done == steps[tasks:]
    np.testing.assert_array_equal(found, expected)
    assert sorted(os.listdir(folder)) == ["a.ome.zarr", "b.ome.zarr"]


def test_goes_on_with_times(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("TZYX", (2, 8, 46, 44))
    options = {"zarr_chunks": (8, 16, 16), "n_tiles": (1, 1, 2, 1)}
    expected = restore(model, source, "b.ome.zarr", **options)
    interrupt(restore, model, source, 9, **options)
    done, found = count(restore, model, source, **options)
    assert done == ["gather"] + 4 * ["restore"]
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


class Sharing(Here):
    """As several processes, so tiles are of whole chunks."""

    workers, shares = 2, True


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
        found = restore(model, source, "a.ome.zarr", **options)
        np.testing.assert_array_equal(found, expected)
        folder = source.parent / "out"
        assert not (folder / "unfinished-a").exists()
        shutil.rmtree(folder / "a.ome.zarr")


def test_voxels_that_are_not_finite(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("TZYX", (2, 8, 46, 44))
    values = tifffile.imread(source)
    values[1, 3, 4, 5:7] = np.nan
    tifffile.imwrite(source, values, imagej=True, metadata={"axes": "TZYX"})
    with pytest.raises(UserError, match="at T = 1, expected finite") as error:
        restore(model, source, "a.ome.zarr")
    assert "2 of 16,192 are NaN" in str(error.value)
    assert "ZYX = (3, 4, 5)" in str(error.value)
    values[:] = 0
    tifffile.imwrite(source, values, imagej=True, metadata={"axes": "TZYX"})
    restore(model, source, "a.ome.zarr")
    assert os.listdir(source.parent / "out") == ["a.ome.zarr"]


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


def test_planes_that_share_a_chunk(trained, write_ramp, restore):
    """One process may write to it, several may not."""
    model, source = trained("plane"), write_ramp("ZYX", (3, 92, 64))
    with pytest.raises(UserError, match="a chunk of 1 along Z, got 2"):
        restore(
            *(model, source, "a.ome.zarr"),
            executor=Sharing(),
            zarr_chunks=(2, 8, 8),
        )
    restore(model, source, "a.ome.zarr", executor=Sharing())
    chunks = open_stack(source.parent / "out/a.ome.zarr").data.chunks
    assert chunks == (1, 92, 64)
