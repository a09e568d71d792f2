"""Trained on pairs of two channels, and restoring them, as a user does it."""

import json

import numpy as np
import pytest
import tifffile

from sanet_tf.restoration.io.stack import create_stack, open_stack
from tests import command_line
from tests.experiments.restorations import NETWORK, metrics_in, run

TRAINING = (
    *(*NETWORK, "--dataset=tiff", "--channels=all", "--joint_channels"),
    *("--num_patches=8", "--epochs=1", "--notensorboard"),
    "--baselines=gaussian",
)
pytestmark = pytest.mark.slow


def write(path, values, axes, like=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    if like is not None:
        with create_stack(path, values.shape, axes, "uint16", like) as stack:
            stack[...] = values
        return
    tifffile.imwrite(
        *(path, values.astype("uint16")),
        imagej=True,
        resolution=(10, 10),
        metadata={"axes": axes, "spacing": 0.5, "unit": "um"},
    )


def train(data, output, *flags):
    result = run(*TRAINING, f"--data_dir={data}", f"--output={output}", *flags)
    assert result.returncode == 0, result.stderr
    config = json.loads((output / "model/config.json").read_text())
    assert (config["n_channel_in"], config["n_channel_out"]) == (2, 2)
    metrics = metrics_in(output)
    assert np.isfinite(metrics["restored"]["default"]["psnr"])
    (stack,) = metrics["restored"]["default"]["stacks"]
    for channel in ("channel 0", "channel 1"):
        assert (output / f"previews/{channel}/{stack['name']}.png").is_file()


def restore(model, path, output, *flags):
    return command_line.run(
        *("-m", "sanet_tf.restore", f"--model={model}", f"--output={output}"),
        *(path, *flags),
    )


def test_stacks(scene, rng, tmp_path):
    """The second channel is 50 times as bright: each is normalised alone."""
    clean = np.stack([scene, 50 * scene[:, ::-1]], axis=1)
    for name in "abc":
        write(tmp_path / f"GT/{name}.tif", clean, "ZCYX")
        noisy = 20 * rng.poisson(clean / 20)
        write(tmp_path / f"low/{name}.tif", noisy, "ZCYX")
    output, model = tmp_path / "run", tmp_path / "run/model"
    train(tmp_path, output, "--patch_size=4,16,16", "--n_tiles=1,2,1")
    result = restore(model, tmp_path / "low/c.tif", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    with tifffile.TiffFile(tmp_path / "out/c.tif") as file:
        assert file.series[0].axes == "ZCYX"
        restored = file.asarray()
        assert file.pages.first.get_resolution() == (10, 10)
        assert file.imagej_metadata["spacing"] == 0.5
        assert file.imagej_metadata["unit"] == "um"
    assert restored.shape == clean.shape
    for channel in (0, 1):
        one, truth = restored[:, channel], clean[:, channel]
        assert np.corrcoef(one.ravel(), truth.ravel())[0, 1] > 0.7
        assert one.mean() == pytest.approx(truth.mean(), rel=0.2)
    for name, values, line in (
        ("three", clean[:, [0, 1, 0]], "the model's 2 channels. Received: 3"),
        (
            "none",
            scene,
            "a stack with the axes ZCYX of the model. Received: ax",
        ),
    ):
        axes = "ZCYX" if name == "three" else "ZYX"
        write(tmp_path / f"{name}.tif", values, axes)
        result = restore(model, tmp_path / f"{name}.tif", tmp_path / "out")
        assert result.returncode == 1
        assert f"{name}.tif: expected {line}" in result.stderr


def test_planes_in_zarr(scene, rng, tmp_path):
    clean = np.stack([scene[0], 50 * scene[0, ::-1]])
    write(tmp_path / "like.tif", clean, "CYX")
    like = open_stack(tmp_path / "like.tif")
    for name in "abc":
        write(tmp_path / f"data/GT/{name}.ome.zarr", clean, "CYX", like)
        noisy = 20 * rng.poisson(clean / 20)
        write(tmp_path / f"data/low/{name}.ome.zarr", noisy, "CYX", like)
    output = tmp_path / "run"
    train(tmp_path / "data", output, "--patch_size=16,16")
    result = restore(
        *(output / "model", tmp_path / "data/low/c.ome.zarr", tmp_path / "out"),
        "--output_format=zarr",
    )
    assert result.returncode == 0, result.stderr
    stack = open_stack(tmp_path / "out/c.ome.zarr")
    assert stack.axes == "CYX"
    assert stack.resolution == pytest.approx((10, 10))
    for one, truth in zip(np.asarray(stack.data[...]), clean, strict=True):
        assert np.corrcoef(one.ravel(), truth.ravel())[0, 1] > 0.7
        assert one.mean() == pytest.approx(truth.mean(), rel=0.2)


def test_noisy_planes_alone(scene, rng, tmp_path):
    """No voxel sees itself, nor the other channel's at its place."""
    clean = np.stack([scene[0], 50 * scene[0, ::-1]])
    for name in "abc":
        write(tmp_path / f"{name}.tif", 20 * rng.poisson(clean / 20), "CYX")
    result = run(
        *(*TRAINING, "--dataset=stacks", "--supervision=noise2void"),
        *("--patch_size=16,16", "--n2v_perc_pix=4", "--network=gvtnet"),
        *(f"--data_dir={tmp_path}", f"--output={tmp_path / 'run'}"),
    )
    assert result.returncode == 0, result.stderr
    for channel in ("channel 0", "channel 1"):
        assert (tmp_path / f"run/previews/{channel}/c.tif.png").is_file()
