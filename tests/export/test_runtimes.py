"""Exported files in other runtimes than the one that checked them.

The oldest that pyproject.toml admits, by `make test-runtimes`; and Node's, by
the program in the documentation, where onnxruntime-node is installed.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sanet_tf
from sanet_tf.export import FORMATS, writing
from sanet_tf.export.classifier import classifier_program
from sanet_tf.export.restoration import restoration_program
from tests.export.networks import (
    LABELS,
    RESTORATION,
    SIZE,
    coloured,
    train_classifier,
)

ROOT = Path(__file__).parents[2]
RUNNER = Path(__file__).with_name("run_files.py")
FILES = {name: FORMATS[name].FILE for name in ("litert", "onnx")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A classifier and a restoration network, float and quantised."""
    folder = tmp_path_factory.mktemp("files")
    images, _ = coloured(24, seed=1)
    model = train_classifier("sanet")
    stacks = RESTORATION["unet_sao"]()
    for format in FILES:
        for quantize in FORMATS[format].QUANTIZATIONS:
            name = f"{format}-{quantize}"
            program = classifier_program(
                model, LABELS, False, SIZE, list(images)
            )
            writing.export(program, folder / f"sanet-{name}", format, quantize)
            if quantize in ("none", "float16"):
                program = restoration_program(stacks)
                writing.export(
                    program, folder / f"unet-{name}", format, quantize
                )
    return folder


def inputs(network):
    """A batch for each of the networks."""
    if network.startswith("sanet"):
        return coloured(40, seed=2)[0]
    return np.random.default_rng(0).random((1, 8, 16, 16, 1), np.float32)


def check(network, found, expected):
    """Quantised networks round otherwise in every runtime."""
    if network.endswith(("none", "float16")):
        atol = 1e-3 * np.abs(expected).max()
        np.testing.assert_allclose(found, expected, atol=atol, rtol=0)
    else:
        assert np.mean(found.argmax(-1) == expected.argmax(-1)) > 0.95
        assert np.abs(found - expected).mean() < 0.01


def test_the_oldest(request, tmp_path):
    python = request.config.getoption("--oldest")
    if python is None:
        pytest.skip("make test-runtimes makes the environment")
    python = Path(python).absolute()  # it runs in another folder
    folder = request.getfixturevalue("folder")  # takes minutes
    batches = {
        str(path / FILES[path.name.split("-")[1]]): inputs(path.name)
        for path in folder.iterdir()
    }
    assert len(batches) == 12
    np.savez(tmp_path / "in.npz", **batches)
    results = {}
    for name, program in ("old", python), ("new", sys.executable):
        result = subprocess.run(
            [program, RUNNER, "in.npz", f"{name}.npz", *batches],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        results[name] = np.load(tmp_path / f"{name}.npz")
        if name == "old":
            bounds = re.findall(
                r'"(onnxruntime|ai-edge-litert)>=([\d.]+)"',
                (ROOT / "pyproject.toml").read_text(),
            )
            found = dict(map(str.split, result.stdout.splitlines()))
            assert {
                package: re.sub(r"(\.0)+$", "", version)
                for package, version in found.items()
            } == {k: re.sub(r"(\.0)+$", "", v) for k, v in bounds}
    for path in batches:
        name = Path(path).parent.name
        check(name, results["old"][path], results["new"][path])


def node_modules():
    """The folder that has onnxruntime-node, or None."""
    if shutil.which("node") is None:
        return None
    result = subprocess.run(
        ["node", "-p", "require.resolve('onnxruntime-node')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    path = Path(result.stdout.strip())
    return None if result.returncode else path.parents[2]


@pytest.mark.parametrize("quantize", FORMATS["onnx"].QUANTIZATIONS)
def test_node(request, tmp_path, quantize):
    """With NODE_PATH, where it is not installed here."""
    modules = node_modules()
    if modules is None:
        pytest.skip("needs onnxruntime-node: npm install onnxruntime-node")
    network = request.getfixturevalue("folder") / f"sanet-onnx-{quantize}"
    (tmp_path / "node_modules").symlink_to(modules)
    page = (ROOT / "docs" / "pages" / "serve.md").read_text()
    (program,) = re.findall(r"```js\n(.*?)```", page, re.DOTALL)
    (tmp_path / "classify.mjs").write_text(program)
    expected = sanet_tf.load(network).predict(inputs("sanet"))
    found = []
    for image in inputs("sanet")[:4]:
        (tmp_path / "picture.rgb").write_bytes(image.tobytes())
        result = subprocess.run(
            ["node", "classify.mjs", network, "picture.rgb"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        found.append(json.loads(result.stdout))
    for answer, right in zip(found, expected[:4], strict=True):
        assert answer["label"] == LABELS[right.argmax()]
    rows = np.array([answer["probabilities"] for answer in found])
    check(f"sanet-onnx-{quantize}", rows, expected[:4])
