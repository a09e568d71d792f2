"""experiments/restoration.py on planes, projections and noise."""

import json

import numpy as np
import pytest

from sanet_tf.restoration import load
from tests.experiments.restorations import (
    NETWORK,
    PATCHES,
    VOLUMES,
    metrics_in,
    run,
    write,
)

pytestmark = pytest.mark.slow


def test_projection(tmp_path):
    result = run(
        *(*NETWORK, *VOLUMES, "--task=project", "--patch_size=16,16"),
        *("--num_patches=8", "--epochs=1", "--notensorboard"),
        f"--output_dir={tmp_path}",
    )
    assert result.returncode == 0, result.stderr
    metrics = metrics_in(tmp_path)
    assert metrics["input"] is None
    assert metrics["data"]["patch_size"] == [8, 16, 16]
    assert np.isfinite(metrics["restored"]["default"]["psnr"])
    model = load(tmp_path / "model")
    assert model.config.attention == "siamese"
    assert model.predict(np.ones((8, 20, 22)), "ZYX").shape == (20, 22)


def test_own_planes_without_attention(scene, tmp_path, rng):
    data, output = tmp_path / "data", tmp_path / "run"
    for name in ("a", "b"):
        write(data / "low" / f"{name}.tif", rng.poisson(scene[0] / 20.0))
        write(data / "GT" / f"{name}.tif", scene[0])
    result = run(
        *(*NETWORK, "--dataset=tiff", f"--data_dir={data}"),
        *("--attention=none", "--patch_size=8,8", "--num_patches=8"),
        *("--epochs=1", "--notensorboard", f"--output_dir={output}"),
    )
    assert result.returncode == 0, result.stderr
    metrics = metrics_in(output)
    assert set(metrics["data"]["files"]) == {
        f"{folder}/{name}.tif" for folder in ("low", "GT") for name in "ab"
    }
    stacks = metrics["restored"]["default"]["stacks"]
    assert [stack["name"] for stack in stacks] == ["low/a.tif", "low/b.tif"]
    assert (output / "previews/low/a.tif.png").is_file()
    model = load(output / "model")
    assert model.config.attention is None
    assert model.config.axes == "YXC"


def test_pictures_in_a_file_and_a_test_at_the_end(tmp_path, rng):
    """With all that the recipe has; the test file costs no training."""
    clean = np.cumsum(rng.normal(size=(6, 24, 24)), axis=1)
    arrays = {"clean": clean, "noisy": clean + rng.normal(size=clean.shape)}
    numbers = {"fov": np.arange(6) // 2, "channel": np.arange(6) % 2}
    np.savez(tmp_path / "a.npz", **arrays, **numbers)
    np.savez(tmp_path / "b.npz", **arrays, **numbers)
    flags = (
        *(*NETWORK, "--flagfile=w2s"),
        *("--n_depth=1", "--patch_size=16,16", "--num_patches=8"),
        *("--epochs=1", "--steps_per_epoch=2", "--ema_momentum=0.5"),
        f"--data_dir={tmp_path / 'a.npz'}",
        f"--output_dir={tmp_path / 'run'}",
        "--baselines=median",
    )
    first = run(*flags)
    assert first.returncode == 0, first.stderr
    assert "measured on the validation pictures" in first.stdout
    training = metrics_in(tmp_path / "run")["training"]
    config = json.loads((tmp_path / "run/model/config.json").read_text())
    assert config["train_schedule"] == "cosine"
    assert config["train_clip_norm"] == 1
    assert config["train_augment"] is True
    assert config["percentiles"] == [2, 99.8]
    last = run(*flags, f"--test_data={tmp_path / 'b.npz'}")
    assert last.returncode == 0, last.stderr
    assert ": loss " not in last.stdout
    assert "measured on --test_data" in last.stdout
    metrics = metrics_in(tmp_path / "run")
    assert metrics["training"] == training
    assert metrics["data"]["files"]["test"]["file"] == "b.npz"
    assert len(metrics["restored"]["default"]["stacks"]) == 6


def test_noise_on_a_clean_stack_with_softmax(scene, tmp_path):
    write(tmp_path / "clean.tif", scene)
    result = run(
        *(*NETWORK, *PATCHES, "--dataset=noise", "--attention=softmax"),
        *(f"--data_dir={tmp_path / 'clean.tif'}", "--photons=10"),
        *("--epochs=1", "--notensorboard", f"--output_dir={tmp_path / 'run'}"),
    )
    assert result.returncode == 0, result.stderr
    metrics = metrics_in(tmp_path / "run")
    assert metrics["data"]["photons"] == 10
    assert np.isfinite(metrics["restored"]["default"]["psnr"])
    config = json.loads((tmp_path / "run/model/config.json").read_text())
    assert config["attention"] == "softmax"


def test_squared_error_in_mixed_precision(scene, tmp_path, rng):
    """It is learned from in bfloat16; what is kept computes in float32."""
    data, losses = tmp_path / "data", []
    write(data / "low" / "a.tif", rng.poisson(scene[0] / 20.0))
    write(data / "GT" / "a.tif", scene[0])
    flags = (
        *(*NETWORK, "--dataset=tiff", f"--data_dir={data}", "--patch_size=8,8"),
        *("--num_patches=16", "--epochs=1", "--loss=mse"),
    )
    for name, more in ("float32", ()), ("mixed", ("--mixed_precision",)):
        output = tmp_path / name
        flags = (*flags, "--deterministic", "--notensorboard")
        result = run(*flags, *more, f"--output={output}")
        assert result.returncode == 0, result.stderr
        losses.append(metrics_in(output)["training"]["best_val_loss"])
        model = load(output / "model")
        assert model.config.train_loss == "mse"
        layers = model.keras_model.layers
        assert {layer.compute_dtype for layer in layers} == {"float32"}
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != pytest.approx(losses[1], rel=1e-6)


def test_no_volumes_in_mixed_precision(tmp_path):
    """TensorFlow's gradient by a small volume's kernel is wrong there."""
    flags = (*NETWORK, *PATCHES, *VOLUMES, "--epochs=1", "--mixed_precision")
    result = run(*flags, f"--output={tmp_path / 'run'}")
    assert result.returncode == 1
    assert "--mixed_precision goes with planes on a CPU" in result.stderr
    assert not (tmp_path / "run").exists()


def test_noisy_stacks_alone(scene, tmp_path, rng):
    """Trained without a truth, looked at, and restored by the command."""
    data, output = tmp_path / "data", tmp_path / "run"
    for name in "abc":
        write(data / f"{name}.tif", rng.poisson(scene[0] / 20.0))
    flags = (
        *(*NETWORK, "--dataset=stacks", f"--data_dir={data}"),
        *("--patch_size=16,16", "--num_patches=8", "--n2v_perc_pix=2"),
        *("--epochs=1", "--notensorboard", f"--output={output}"),
    )
    refused = run(*flags)
    assert refused.returncode == 1
    assert "--n2v_perc_pix goes with --supervision=noise2void" in refused.stderr
    result = run(*flags, "--supervision=noise2void")
    assert result.returncode == 0, result.stderr
    assert "nothing is measured: the stacks have no truth" in result.stdout
    assert (output / "previews/c.tif.png").is_file()
    metrics = metrics_in(output)
    assert metrics["data"]["supervision"] == "noise2void"
    assert metrics["verdict"] == {"default": None}
    config = load(output / "model").config
    assert (config.n2v_perc_pix, config.train_loss) == (2, "mse")
