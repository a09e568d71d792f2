"""experiments/restoration.py as its user sees it: files, lines, status."""

import json
import re
import shutil
from functools import partial

import numpy as np
import pytest
import tifffile
from PIL import Image

from sanet_tf.restoration import load
from sanet_tf.restoration.data import load_data
from sanet_tf.restoration.metrics import evaluate
from tests import commands
from tests.experiments.conftest import error_line

pytestmark = pytest.mark.slow
SCRIPT = "experiments/restoration.py"
NETWORK = ("--n_depth=1", "--n_first=4", "--batch_size=4")
PATCHES = ("--num_patches=16", "--patch_size=4,16,16")
VOLUMES = ("--volume_shape=8,32,32", "--num_volumes=1", "--num_test=1")
MODES = ("tile", "window", "volume")
REPEATABLE = (
    *NETWORK,
    *PATCHES,
    *VOLUMES,
    "--epochs=4",
    "--deterministic",
    "--statistics=tile,window,volume",
    "--n_tiles=1,2,2",
)
run = partial(commands.run, SCRIPT)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder, the flags and the output of a complete run."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    flags = (*REPEATABLE, f"--output_dir={folder}")
    result = run(*flags)
    assert result.returncode == 0, result.stderr
    return folder, flags, result


@pytest.fixture(scope="module")
def scene():
    """A clean stack (8, 48, 32), uint16."""
    grid = np.indices((8, 48, 32)).sum(axis=0)
    return (500 + 400 * np.sin(grid / 3)).astype("uint16")


def metrics_in(folder):
    return json.loads((folder / "metrics.json").read_text())


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, array)


def write_planaria(folder, patches, truth, stack):
    """A folder as the published data unpack to, of one test stack."""
    write(folder / "test_data" / "condition_1" / "a.tif", stack)
    write(folder / "test_data" / "GT" / "a.tif", truth)
    (folder / "train_data").mkdir(exist_ok=True)
    archive = folder / "train_data" / "data_label.npz"
    np.savez(archive, X=patches, Y=patches, axes="SCZYX")


def test_leaves_its_results(finished):
    folder, _, result = finished
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        "curves.png",
        "metrics.json",
        "model",
        "previews",
        "run.json",
    }
    assert {path.name for path in (folder / "model").iterdir()} == {
        "checkpoint",
        "config.json",
        "logs",
        "weights_best.h5",
        "weights_last.h5",
    }
    assert list((folder / "model" / "logs").glob("*/events*"))
    (name,) = (path.name for path in (folder / "previews").iterdir())
    assert name == "test-0-exposure-0.1.png"
    for path in (folder / "curves.png", folder / "previews" / name):
        with Image.open(path) as image:
            assert image.width > 500
    assert f"--model={folder / 'model'} in.tif" in result.stdout


def test_metrics(finished):
    folder, _, result = finished
    metrics = metrics_in(folder)
    assert metrics["data"]["patches"] == {"train": 16, "validation": 1}
    assert metrics["data"]["volumes"] == [1, 1, 1]
    training = metrics["training"]
    assert training["patches"] == 16
    assert training["epochs"] == 4
    model = load(folder / "model")
    assert training["parameters"] == model.keras_model.count_params()
    losses = [
        float(loss) for loss in re.findall(r"val_loss: (\S+)", result.stdout)
    ]
    assert len(losses) == 4
    assert training["best_epoch"] == 1 + int(np.argmin(losses))
    assert training["best_val_loss"] == pytest.approx(min(losses), abs=1e-4)
    assert metrics["peak_rss_bytes"] > 0
    assert tuple(metrics["restored"]) == MODES
    for row in metrics["restored"].values():
        assert [s["name"] for s in row["stacks"]] == ["test-0-exposure-0.1"]
        assert row["seconds"] > 0
        assert f"PSNR {row['psnr']:.3f} dB" in result.stdout


def test_metrics_are_those_of_the_model_that_is_left(finished):
    """Predicted once more, and whole."""
    folder, _, _ = finished
    metrics = metrics_in(folder)
    data = load_data(
        "simulated",
        **{"patch_size": (4, 16, 16), "volume_shape": (8, 32, 32)},
        **{"num_patches": 16, "num_volumes": 1, "num_test": 1},
    )
    (pair,) = data.test
    restored = load(folder / "model").predict(pair.low, "ZYX")
    for image, row in (
        (pair.low, metrics["input"]),
        (restored, metrics["restored"]["volume"]),
    ):
        for name, value in evaluate(image, pair.high).items():
            assert row[name] == pytest.approx(value, rel=1e-4), name


def test_output_is_lines_without_chatter(finished):
    result = finished[2]
    assert result.stdout.count("Epoch ") == 4
    for noise in ("\r", "\b", "\x1b", "Warning", "oneDNN", "absl", "/1 ["):
        assert noise not in result.stdout + result.stderr


def test_record_tells_how_the_run_was_made(finished):
    folder, flags, _ = finished
    record = json.loads((folder / "run.json").read_text())
    assert record["flags"]["n_first"] == 4
    assert record["flags"]["attention"] == "siamese"
    assert record["flags"]["patch_size"] == ["4", "16", "16"]
    assert "output_dir" not in record["flags"]
    assert record["command"].endswith(" ".join(flags))


def test_no_paths_but_those_that_were_typed(finished):
    folder, _, _ = finished
    for path in ("run.json", "metrics.json", "model/config.json"):
        text = (folder / path).read_text().replace(str(folder), "")
        assert not re.search(r"""[\s"'=]/""", text), path


def test_same_command_again_is_done_at_once(finished):
    folder, flags, first = finished
    names = ("metrics.json", "model/weights_best.h5", "model/weights_last.h5")
    before = [(folder / name).stat().st_mtime_ns for name in names]
    result = run(*flags)
    assert result.returncode == 0, result.stderr
    assert "Epoch" not in result.stdout
    assert result.stdout.splitlines() == first.stdout.splitlines()[-6:]
    assert [(folder / name).stat().st_mtime_ns for name in names] == before


def test_other_flags_are_refused(finished):
    folder, flags, _ = finished
    before = (folder / "run.json").read_bytes()
    line = error_line(run(*flags, "--epochs=5", "--attention=none"))
    assert "--attention was 'siamese', is 'none'" in line
    assert "--epochs was 4, is 5" in line
    assert "--n_first" not in line
    assert (folder / "run.json").read_bytes() == before


def test_other_statistics_are_evaluated_without_training(finished, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(finished[0], folder)
    first = metrics_in(folder)
    result = run(
        *(*REPEATABLE, "--statistics=volume", f"--output_dir={folder}")
    )
    assert result.returncode == 0, result.stderr
    assert "Epoch" not in result.stdout
    again = metrics_in(folder)
    assert again["training"] == first["training"]
    assert list(again["restored"]) == ["volume"]
    expected = first["restored"]["volume"]["psnr"]
    assert again["restored"]["volume"]["psnr"] == pytest.approx(expected)


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


REFUSED = [
    (["--data_dir=DIR"], "--dataset=simulated takes no --data_dir"),
    (["--dataset=zebra"], "no data set 'zebra'; there are simulated, noise"),
    (["--dataset=noise"], "--dataset=noise needs --data_dir=PATH"),
    (["--dataset=noise", "--data_dir=DIR/none.tif"], "none.tif: no such file"),
    (["--dataset=noise", "--data_dir=DIR/text.tif"], "not a TIFF file"),
    (["--dataset=noise", "--data_dir=DIR"], "DIR/text.tif: not a TIFF file"),
    (["--dataset=tiff"], "--dataset=tiff needs --data_dir=PATH"),
    (["--dataset=tiff", "--data_dir=DIR/none"], "no such directory: DIR/none"),
    (["--dataset=tiff", "--data_dir=DIR/text.tif"], "text.tif is a file"),
    (["--dataset=tiff", "--data_dir=DIR"], "in DIR, found planaria, text.tif"),
    (["--dataset=planaria"], "--dataset=planaria needs --data_dir=PATH"),
    (
        ["--dataset=planaria", "--data_dir=DIR/planaria"],
        "a.tif: 1 voxels are NaN or infinite",
    ),
    (["--dataset=tribolium", "--data_dir=DIR/none"], "50x800x800"),
    (["--dataset=tribolium", "--data_dir=DIR/text.tif"], "50x800x800"),
    *(
        ([f"--flagfile=experiments/recipes/{name}.flags", "--data_dir=DIR"], of)
        for name, of in (
            ("planaria", "Denoising_Planaria.tar.gz"),
            ("tribolium", "Denoising_Tribolium.tar.gz"),
            ("flywing", "Projection_Flywing.tar.gz"),
        )
    ),
    (["--dataset=flywing", "--data_dir=DIR"], "is for --task=project"),
    (["--dataset=planaria", "--data_dir=DIR", *PATCHES], "takes no --num_pat"),
    ([*VOLUMES, "--photons=5"], "--dataset=simulated takes no --photons"),
    ([*VOLUMES, "--patch_size=4,16"], "patches of 4x16 have 2 axes"),
    ([*VOLUMES, "--patch_size=4,15,16"], "expected multiples of 4x4x4"),
    ([*VOLUMES, "--patch_size=4,64,64"], "do not fit into train-0"),
    ([*VOLUMES, "--patch_size=4,x,16"], "expected --patch_size as whole"),
    ([*VOLUMES, *PATCHES, "--n_depth=3"], "4x16x16 do not fit --n_depth=3"),
    ([*VOLUMES, *PATCHES, "--learning_rate=0"], "train_learning_rate"),
    (["--statistics=volumes"], "expected --statistics among default, tile"),
    (["--statistics="], "expected --statistics among default, tile"),
    (
        [*VOLUMES, *PATCHES, "--statistics=volume", "--attention=softmax"],
        "`statistics` of SoftmaxAttention must be tile",
    ),
    (["--n_tiles=1,0,2"], "expected --n_tiles as whole numbers"),
    ([*VOLUMES, *PATCHES, "--n_tiles=2,2"], "one for each of the axes ZYX"),
    (
        [
            *(*VOLUMES, "--task=project", "--patch_size=16,16"),
            "--n_tiles=2,1,1",
        ],
        "axis Z cannot be cut into tiles",
    ),
    (["epochs=3"], "expected flags only, got 'epochs=3'"),
]


@pytest.fixture(scope="module")
def refusals(tmp_path_factory, scene):
    """What came of each of `REFUSED`, and where their runs would lie."""
    data = tmp_path_factory.mktemp("data")
    nan = scene.astype("float32")
    nan[1, 2, 3] = np.nan
    patches = np.zeros((40, 1, 4, 16, 16), "float32")
    write_planaria(data / "planaria", patches, scene, nan)
    (data / "text.tif").write_text("this is not a picture")
    output = tmp_path_factory.mktemp("runs") / "refused"
    cases = [
        [flag.replace("DIR", str(data)) for flag in flags]
        + ["--n_first=4", f"--output_dir={output}"]
        for flags, _ in REFUSED
    ]
    return commands.run_many(SCRIPT, cases), data, output


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_wrong_flags_are_one_line_before_anything_runs(refusals, number):
    results, data, output = refusals
    result = results[number]
    _, message = REFUSED[number]
    assert result.returncode == 1
    assert message.replace("DIR", str(data)) in error_line(result)
    assert len(result.stderr.splitlines()) == 1
    assert not output.exists()
