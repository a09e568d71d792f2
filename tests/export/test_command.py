"""`python -m sanet_tf.export`, and the commands that use what it leaves."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

import sanet_tf
from sanet_tf.export import manifest
from tests import command_line as commands
from tests.export import networks
from tests.restoration.models import fill, make_care
from tests.runs import CLASSES, make_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folders of training, pictures and a stack."""
    folder = tmp_path_factory.mktemp("command")
    make_run(folder / "run", model="mobilenet_v2", image_size=32)
    care = fill(make_care(name="model", basedir=str(folder / "restoration")))
    care.keras_model.save_weights(care.logdir / "weights_best.h5")
    (folder / "pictures").mkdir()
    for number, image in enumerate(networks.pictures(6)):
        Image.fromarray(image).save(folder / "pictures" / f"{number}.png")
    stack = np.random.default_rng(0).integers(90, 5000, (9, 21, 18))
    tifffile.imwrite(
        folder / "stack.tif", stack.astype(np.uint16), imagej=True,
        metadata={"axes": "ZYX"},
    )  # fmt: skip
    (folder / "taken").mkdir()
    (folder / "taken" / "thesis.tex").write_text("")
    return folder


@pytest.fixture(scope="module")
def results(folder):
    """What the command says to each list of flags."""
    run, pictures = folder / "run", folder / "pictures"

    def flags(output, weights=run, **others):
        return [
            f"--model={weights}",
            f"--output={folder / output}",
            *(f"--{name}={value}" for name, value in others.items()),
        ]

    cases = {
        "litert": flags("litert", format="litert", calibration=pictures),
        "int8": flags(
            "int8", format="onnx", quantize="int8", calibration=pictures
        ),
        "care": flags(
            "care",
            folder / "restoration",
            format="litert",
            calibration=folder / "stack.tif",
        ),
        "without pictures": flags("x", format="litert", quantize="int8"),
        "int8 of a U-Net": flags(
            *("x", folder / "restoration" / "model"),
            **{"format": "onnx", "quantize": "int8", "calibration": pictures},
        ),
        "taken": flags("taken"),
        "no run": flags("x", folder / "pictures"),
        "saved_model": flags("x", quantize="float16"),
        "no layout": flags("x", format="litert", layout="triton"),
        "no output": [f"--weights={run}"],  # its old name
        "words": [*flags("x"), "litert"],
    }
    found = commands.run_many("sanet_tf.commands.export", [*cases.values()])
    return dict(zip(cases, found, strict=True))


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("without pictures", "int8 needs pictures like those that will be"),
        ("int8 of a U-Net", "--quantize=int8 is for classifiers"),
        ("taken", "taken exists and is no exported network"),
        ("no run", "no run in"),
        ("saved_model", "--format=saved_model has no --quantize=float16"),
        ("no layout", "--layout=triton needs --format=onnx or saved_model"),
        (
            "no output",
            "expected --model and --output: python ",
        ),
        ("words", "expected flags only, got 'litert'"),
    ],
)
def test_one_line(results, folder, case, message):
    result = results[case]
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert not (folder / "x").exists()
    assert [p.name for p in (folder / "taken").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("case", ["litert", "int8", "care"])
def test_it_says_what_it_measured(results, folder, case):
    result = results[case]
    assert (result.returncode, result.stderr) == (0, "")
    about = manifest.read(folder / case)
    lines = result.stdout.splitlines()
    difference = f"{about['checks']['difference']:.1e} of the largest output"
    assert lines[0].endswith(difference)
    if case != "care":
        agreement = about["checks"]["top1_agreement"]
        assert f" on {agreement:.1%} of 6 pictures" in lines[1]
        assert tuple(about["labels"]) == CLASSES
    assert about["checks"]["real"] == (1 if case == "care" else 6)
    assert lines[-1].startswith(f"wrote {folder / case} (")


def run(module, *arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", f"sanet_tf.{module}", *arguments],
        cwd=folder,
        env=commands.SHELL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_pictures_are_classified(results, folder):
    arguments = ["--model=int8", "--top=1", "--json", "pictures/0.png"]
    options = ["--providers=CPUExecutionProvider", "--threads=1"]
    result = run("predict", *arguments, *options, folder=folder)
    assert (result.returncode, result.stderr) == (0, "")
    (found,) = json.loads(result.stdout)
    assert found["predictions"][0]["name"] in CLASSES


def test_stacks_are_restored(results, folder):
    arguments = ["--model=care", "--output=restored", "stack.tif"]
    result = run("restore", *arguments, "--threads=1", folder=folder)
    assert result.returncode == 0, result.stderr
    found = tifffile.imread(folder / "restored" / "stack.tif")
    stack = tifffile.imread(folder / "stack.tif")
    expected = sanet_tf.load(folder / "restoration").predict(stack, "ZYX")
    np.testing.assert_allclose(found, expected, atol=1e-4 * expected.max())


@pytest.mark.parametrize(
    ("module", "model", "message"),
    [
        (
            "predict",
            "care",
            "a classifier: sanet restore --model=care",
        ),
        (
            "restore",
            "litert",
            "a restoration model: sanet predict --m",
        ),
    ],
)
def test_each_kind_has_its_command(results, folder, module, model, message):
    arguments = [f"--model={model}", "stack.tif"]
    if module == "restore":
        arguments.append("--output=elsewhere")
    result = run(module, *arguments, folder=folder)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert message in line


def test_missing_packages(tmp_path):
    program = (
        "import sys; sys.modules['ai_edge_litert'] = None; "
        "from sanet_tf.export import litert; litert.operators(b'')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install ai-edge-litert" in result.stderr.splitlines()[-1]
