"""The console script `sanet`."""

import subprocess
import sys
from pathlib import Path

import pytest

import sanet_tf
from sanet_tf.commands import main

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
sys.argv[0] = "sanet"
from sanet_tf.commands.main import main
main()
"""


def sanet(*arguments):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]])
def test_usage_names_each_command(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sanet", *arguments])
    main.main()
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in main.COMMANDS)


def test_version(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sanet", "--version"])
    main.main()
    assert capsys.readouterr().out == f"sanet {sanet_tf.__version__}\n"


def test_an_unknown_command():
    result = sanet("resore", "--model=a")
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: expected a command, one of train, ")
    assert line.endswith("got 'resore'; did you mean restore?")


@pytest.mark.parametrize("name", main.COMMANDS)
def test_help(name):
    """Its own description and flags, as those of a script."""
    result = sanet(name, "--help")
    module = f"sanet_tf/commands/{name.replace('-', '_')}.py"
    with open(ROOT / module) as f:
        text = f.read()
    assert result.stdout.startswith(text.split('"""')[1].split("\n")[0])
    assert f"\nsanet {name}:\n  --" in result.stdout
    assert (
        "--model" in result.stdout
        or "--weights" in result.stdout
        or ("--attention" in result.stdout)
    )


def test_errors_and_unknown_flags():
    result = sanet("restore")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: expected --model, --output")
    result = sanet("train", "--batchsize=3")
    assert result.returncode == 1
    assert "Did you mean: batch_size" in result.stderr


@pytest.mark.slow
def test_a_training_is_recorded_as_it_was_called(tmp_path):
    result = sanet(
        *("train", "--dataset=digits", "--model=mobilenet_v2", "--alpha=0.1"),
        *("--image_size=32", "--epochs=1", "--nodeterministic"),
        f"--output_dir={tmp_path / 'run'}",
    )
    assert result.returncode == 0, result.stderr
    record = (tmp_path / "run" / "run.json").read_text()
    assert '"command": "sanet train --dataset=digits' in record
    assert '"alpha": 0.1' in record
    assert '"batch_size"' in record
