"""Latency: ratios, refusals and the report, on runtimes that only wait."""

import csv
import time

import latency
import latency_report
import numpy as np
import pytest

from sanet_tf.utils.errors import UserError

from .conftest import run_script

SECONDS = {"Keras graph": 0.04, "LiteRT": 0.01}
NAMES = (latency.REFERENCE, "half")


@pytest.fixture
def runtimes(monkeypatch):
    """Runtimes in which the network "half" takes half the time."""

    def maker(runtime):
        def make(name, folder, images, threads):
            seconds = SECONDS[runtime] / (2 if name == "half" else 1)

            def call():
                time.sleep(seconds)
                return np.ones((len(images), 2))

            return call

        return make

    fakes = {runtime: maker(runtime) for runtime in SECONDS}
    monkeypatch.setattr(latency, "RUNTIMES", fakes)
    monkeypatch.setattr(latency, "ORDER", (*fakes, "PyTorch"))
    monkeypatch.setattr(latency, "_torch_calls", lambda *_: {})
    monkeypatch.setattr(latency.backends, "load_tensorflow", lambda: None)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")  # and back afterwards
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "1")
    return fakes


def test_ratio_and_speedup(runtimes, tmp_path):
    case = latency.Case(NAMES, 32, 3, 1)
    rows = latency.measure_case(case, tmp_path, repeats=5)
    found = {(row["network"], row["runtime"]): row for row in rows}
    assert len(rows) == len(found) == 4
    half = found["half", "LiteRT"]
    assert half["ms"] == pytest.approx(5, abs=3)
    assert half["ratio"] == pytest.approx(0.5, abs=0.3)
    assert half["speedup"] == pytest.approx(4, abs=2)
    assert found[latency.REFERENCE, "LiteRT"]["ratio"] == 1
    assert found["half", "Keras graph"]["speedup"] == 1
    assert (half["batch_size"], half["threads"]) == (3, 1)


def test_other_values_are_refused(runtimes, tmp_path):
    def wrong(name, folder, images, threads):
        return lambda: np.full((len(images), 2), 1.001)

    runtimes["LiteRT"] = wrong
    case = latency.Case(NAMES, 32, 1, 1)
    with pytest.raises(
        UserError, match=r"other values in LiteRT.*got 1\.0e-03"
    ):
        latency.measure_case(case, tmp_path, repeats=2)


def test_report(runtimes, tmp_path):
    case = latency.Case(NAMES, 32, 1, 1)
    rows = latency.measure_case(case, tmp_path, repeats=2)
    rows.append(rows[0] | {"runtime": "PyTorch", "ratio": "", "speedup": ""})
    record = {
        "command": "python profiling/run_latency.py",
        "machine": "an abacus",
        "versions": {"tensorflow": "2", "keras": "3"},
    }
    latency_report.write(tmp_path, rows, record)
    with open(tmp_path / "latency.csv", newline="") as file:
        assert [row["network"] for row in csv.DictReader(file)] == [
            row["network"] for row in rows
        ]
    text = (tmp_path / "latency.md").read_text()
    assert "an abacus" in text
    assert f"| LiteRT | half | {rows[-2]['ms']} |" in text
    assert (tmp_path / "latency.png").stat().st_size > 10_000
    assert (tmp_path / "latency.run.json").exists()


def test_figure_of_many_forms():
    """All names are to be read, and a network has one colour."""
    networks = (latency.REFERENCE, "sanet", "sanet_no_attention")
    forms = ("", ", not folded", ", int8")
    row = {"batch_size": 1, "threads": 1, "runtime": "LiteRT"}
    figure = latency_report.draw(
        [
            row | {"network": network + form, "ms": 1.0, "spread_ms": 0.1}
            for form in forms
            for network in networks
        ]
        + [row | {"threads": 2, "network": "sanet", "ms": 1, "spread_ms": 0.1}]
    )
    figure.draw_without_rendering()
    (legend,) = figure.legends
    shown = legend.get_window_extent()
    assert 0 <= shown.x0 < shown.x1 <= figure.bbox.x1
    assert [text.get_text() for text in legend.texts] == [
        network + form for network in networks for form in forms
    ]
    colours = [bar.get_facecolor()[:3] for bar in legend.legend_handles]
    assert colours[::3] == colours[1::3] == colours[2::3]
    assert len({*colours}) == 3


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(latency, "PACKAGES", ("numpy", "no_such_package"))
    with pytest.raises(UserError, match=r"expected no_such_package .*\[export"):
        latency.check_packages()


@pytest.mark.parametrize(
    "flag", ["--threads=0", "--batch_sizes=1,x", "--networks=resnet18"]
)
def test_wrong_numbers(flag):
    result = run_script("run_latency.py", flag)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {flag}: expected ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.slow
def test_the_command(tmp_path):
    """Small networks in all formats, one case."""
    result = run_script(
        "run_latency.py",
        *("--models=sanet", "--unfolded", "--int8", "--image_size=32"),
        "--threads=1",
        *("--batch_sizes=1", "--repeats=2", f"--output_dir={tmp_path}"),
    )
    assert result.returncode == 0, result.stderr
    with open(tmp_path / "latency.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    measured = {(row["network"], row["runtime"]) for row in rows}
    assert measured >= {
        (network, runtime)
        for network in ("sanet", "sanet, not folded", latency.REFERENCE)
        for runtime in latency.RUNTIMES
    } | {
        (f"{network}, int8", runtime)
        for network in ("sanet", latency.REFERENCE)
        for runtime in ("LiteRT", "ONNX Runtime")
    }
    assert ("sanet, int8", "SavedModel") not in measured
    assert ("sanet, not folded, int8", "LiteRT") not in measured
    assert all(float(row["ms"]) > 0 for row in rows)
