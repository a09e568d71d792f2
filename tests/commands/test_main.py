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


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["help"]])
def test_usage_names_each_command(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sanet", *arguments])
    main.main()
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in main.COMMANDS)


def test_version(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sanet", "--version"])
    main.main()
    text = f"sanet {sanet_tf.__version__}\n"
    assert capsys.readouterr().out == text
    result = sanet("restore", "--version")
    assert (result.returncode, result.stdout) == (0, text)


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        ([], "got none; sanet --help says what they do"),
        (["resore", "--model=a"], "got 'resore'; did you mean restore?"),
    ],
)
def test_no_such_command(arguments, end, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["sanet", *arguments])
    with pytest.raises(SystemExit) as error:
        main.main()
    assert error.value.code.startswith("error: expected a command, one of tr")
    assert error.value.code.endswith(end)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_help(name):
    """Its own description and flags, on stdout, and nothing of absl's."""
    result = sanet(name, "-h" if name == "train" else "--help")
    assert (result.returncode, result.stderr) == (0, "")
    usage, _, rest = result.stdout.partition("\n\n")
    assert usage.startswith(f"usage: sanet {name} ")
    module = f"sanet_tf/commands/{name.replace('-', '_')}.py"
    with open(ROOT / module) as f:
        text = f.read()
    assert rest.startswith(text.split('"""')[1].split("\n")[0])
    assert f"\n    sanet {name} --" in rest
    assert "\noutput:\n  --" in rest
    assert "--output " in rest
    assert "--verbosity" not in rest
    assert "--output_dir" not in rest


def test_all_flags_of_absl():
    result = sanet("explain", "--helpfull")
    assert result.returncode == 0
    assert "--verbosity" in result.stdout


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
