"""What a user types wrong: one clear line, no traceback, no leftovers."""

import subprocess
import sys

import pytest

from tests.experiments.conftest import ROOT, error_line, run


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ["--model=sanett"],
            "--network=sanett: expected one of sanet",
        ),
        (["--dataset=digits", "--image_size=31"], "of at least 32 x 32"),
        (["--data_dir=no/such"], "no such directory: no/such"),
        (
            ["--dataset=digits", "--decay_epochs=a"],
            "0, such as 80,105,120",
        ),
        (["epochs=3"], "expected flags only, got 'epochs=3'"),
        (["--dataset=digits", "--init_from=nowhere"], "no run in nowhere"),
        (["--dataset=digits", "--freeze=stage11"], "it has stem, stage1"),
        (["--schedule=steps", "--warmup_epochs=2"], "goes with --schedule=cos"),
        (["--data_dir=nowhere", "--dataset=imagenet2012"], "ILSVRC2012_img_"),
    ],
)
def test_one_line(flags, message, tmp_path):
    result = run(f"--output_dir={tmp_path / 'run'}", *flags)
    assert message in error_line(result)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "script",
    [
        "experiments/compare.py",
        "experiments/cifar.py",
        "experiments/demo.py",
        "experiments/imagenet.py",
        "experiments/make_tables.py",
        "experiments/restoration.py",
        "experiments/simulate.py",
        "experiments/table6.py",
        "profiling/count_models.py",
        "profiling/run_distribution.py",
        "profiling/run_pipeline.py",
        "profiling/run_restoration.py",
        "sanet_tf/explain.py",
        "sanet_tf/predict.py",
        "sanet_tf/restore.py",
    ],
)
def test_help_is_quick(script):
    """It imports nothing heavy, whatever else it may do."""
    program = (
        "import runpy, sys\n"
        f"sys.argv = [{script!r}, '--help']\n"
        f"sys.path.insert(0, {script.split('/')[0]!r})\n"
        "try:\n"
        f"    runpy.run_path({script!r}, run_name='__main__')\n"
        "except SystemExit:\n"
        "    heavy = {'tensorflow', 'keras', 'numpy', 'PIL', 'matplotlib'}\n"
        "    print('imported', heavy & sys.modules.keys())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--helpfull" in result.stdout
    assert result.stdout.endswith("imported set()\n")


def test_import_is_quick():
    program = (
        "import sanet_tf, sys; print(len(sys.modules), 'keras' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.endswith(" False\n")
