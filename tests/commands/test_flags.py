"""Flags: names old and new, and what --help says of them."""

import inspect
import json
import subprocess
import sys

import pytest

from sanet_tf.commands.network_names import LACKING, NETWORKS, RESTORATION
from tests.command_line import ROOT, run

PROGRAM = """
import importlib, json, shlex, sys
from pathlib import Path
from absl import flags

sys.path.insert(0, "experiments")
module = importlib.import_module(sys.argv[1])
from sanet_tf import recipes
from sanet_tf.commands.flags import flag_help
from sanet_tf.training.record import script_flags
from sanet_tf.training.run_directory import check_flags
"""
RESUMES = """
record = Path(sys.argv[2])
words = shlex.split(json.loads(record.read_text())["command"])[1:]
flags.FLAGS(recipes.located(words))
check_flags(record, script_flags(module))
print("resumes")
"""
CHOICES = """
from sanet_tf.restoration.data import SOURCES
from sanet_tf.restoration.simulation.volumes import STRUCTURES

known = {name: flags.FLAGS[name].parser.enum_values for name in sys.argv[2:]}
assert known["dataset"] == [*SOURCES], SOURCES
assert known["structure"] == ["mixed", "varied", *STRUCTURES], STRUCTURES
"""
RECORDS = """
flags.FLAGS(sys.argv[1:])
print(json.dumps(script_flags(module)))
"""
GROUPED = """
found = flag_help.sections(module)
for name, own in found.items():
    for flag in own:
        assert len(flag.help.split()) > 1, flag.name
print(json.dumps([[*found], sum(map(len, found.values()))]))
print(len(flags.FLAGS.get_key_flags_for_module(module)))
"""


def python(program, *arguments):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM + program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_names_are_those_of_the_networks():
    from sanet_tf.models import MODELS, UNETS  # seconds, for this test alone

    assert (*MODELS,) == NETWORKS
    assert (*UNETS,) == RESTORATION


@pytest.mark.parametrize("argument", LACKING)
def test_the_networks_that_lack_an_argument_are_those(argument):
    from sanet_tf.models import MODELS

    def takes(function):
        found = inspect.signature(function).parameters
        if argument == "attention_config":  # of no use without attention
            return "attention" in found and found["attention"].default
        return argument in found

    lacking = {name for name in MODELS if not takes(MODELS[name])}
    assert {*LACKING[argument]} == lacking


def test_the_choices_are_those_of_the_data():
    module = "sanet_tf.commands.train_restoration"
    python(CHOICES, module, "dataset", "structure")


@pytest.mark.parametrize(
    ("module", "record"),
    [
        ("sanet_tf.commands.train", "photographs"),
        ("cifar", "classification/stability/from-zero-qk-norm-seed0"),
        ("sanet_tf.commands.train_restoration", "restoration/ovule/sao-seed0"),
    ],
)
def test_a_recorded_command_resumes_its_run(module, record, tmp_path):
    """Also those of older versions, which had other names and fewer flags."""
    text = (ROOT / f"results/{record}/run.json").read_text()
    old = tmp_path / "run.json"
    old.write_text(text.replace(" --output=", " --output_dir="))
    assert "--output_dir=" in old.read_text()
    assert python(RESUMES, module, str(old)) == "resumes\n"


def test_old_and_new_names_are_recorded_alike(tmp_path):
    old = tmp_path / "old.flags"
    old.write_text("--model=resnet50\n--output_dir=a\n")
    train = "sanet_tf.commands.train"
    found = json.loads(python(RECORDS, train, f"--flagfile={old}"))
    assert found["model"] == "resnet50"
    assert not {"network", "output", "output_dir"} & {*found}
    new = python(RECORDS, train, "--network=resnet50", "--output=b")
    assert json.loads(new) == found


@pytest.mark.parametrize(
    ("module", "groups"),
    [
        (
            "sanet_tf.commands.train_restoration",
            ["data", "network", "recipe", "evaluation", "output", "hardware"],
        ),
        (
            "compare",
            [
                *("flags", "data", "network", "recipe", "augmentation"),
                *("fine-tuning", "evaluation", "output", "hardware"),
            ],
        ),
    ],
)
def test_every_flag_is_in_a_group_and_says_what_it_is(module, groups):
    """Those of the command alone: a script leaves its own without."""
    said = python(GROUPED, module).splitlines()
    assert json.loads(said[0]) == [groups, int(said[1])]


def test_errors_and_help_name_the_command_that_was_typed():
    result = run("-m", "sanet_tf.restore")
    assert ": python -m sanet_tf.restore --model=DIR in.tif" in result.stderr
    result = run("-m", "sanet_tf.export", "--help")
    assert result.stdout.startswith("usage: python -m sanet_tf.export --model")
    assert "\n    python -m sanet_tf.export --model=RUN_DIR" in result.stdout
    assert "sanet export" not in result.stdout
    result = run("experiments/imagenet.py", "--modle=a")
    assert result.stderr == (
        "error: python experiments/imagenet.py has no flag --modle; did you "
        "mean --model?\n"
    )


def test_help_may_end_early():
    """No traceback where `| head` has read enough."""
    command = f"{sys.executable} experiments/imagenet.py -h | head -1"
    result = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True
    )
    assert result.stdout.startswith("usage: ")
    assert result.stderr == ""
