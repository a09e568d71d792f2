"""`sanet restore` with the tiles of a stack shared, or stopped within it."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sanet_tf.restoration.io.stack import open_stack
from sanet_tf.utils.errors import UserError
from tests.restoration.command import Model

ZARR = "--output_format=zarr"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "--cluster goes with --output_format=zarr"),
        ((ZARR, "--blend"), "--cluster cannot have --blend"),
        ((ZARR, "--tta"), "--cluster cannot have --tta"),
        ((ZARR, "--model=a,b"), "--cluster takes one --model, got 2"),
        (
            (ZARR,),
            "needs the folder of the trained model; model is an exported",
        ),
    ],
)
def test_what_a_cluster_cannot_have(command, write, arguments, line):
    write("a.tif")
    arguments = ("a.tif", "--output=out", "--cluster=local:2", *arguments)
    with pytest.raises(UserError, match=line):
        command(*arguments)
    assert not os.path.exists("out/a.ome.zarr")


def test_an_address_that_is_none(command, write):
    write("a.tif")
    model = Model()
    model.logdir = "model"
    arguments = ("a.tif", "--output=out", "--cluster=two", ZARR)
    with pytest.raises(UserError, match="--cluster=two: expected local:N"):
        command(*arguments, model=model)


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "sanet_tf.commands.restore", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_the_same_command_goes_on(trained, write_ramp, restore, ending):
    model, source = trained("volume"), write_ramp("ZYX", (40, 92, 88))
    expected = restore(model, source, "b.ome.zarr", n_tiles=(1, 4, 4))
    folder = source.parent / "out"
    command = (
        *(f"--model={model.logdir}", str(source), f"--output={folder}"),
        *(ZARR, "--n_tiles=1,4,4", "--zarr_chunks=8,16,16"),
    )
    first = start(*command)
    journal = folder / "unfinished-a/journal.jsonl"
    end = time.monotonic() + 120
    while not journal.exists() or journal.read_text().count("\n") < 9:
        assert time.monotonic() < end
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(ending)
    _, errors = first.communicate()
    assert not (folder / "a.ome.zarr").exists()
    if ending == signal.SIGTERM:
        assert first.returncode == 128 + ending
        assert (
            f"{folder}/unfinished-a has what is done so far; the same" in errors
        )
    second = start(*command)
    output, errors = second.communicate()
    assert second.returncode == 0, errors
    assert "wrote" in output + errors
    done = [int(n) for n in re.findall(r"\| (\d+)/\d+ \[", errors)]
    assert min(done[1:]) > 0
    assert sorted(os.listdir(folder)) == ["a.ome.zarr", "b.ome.zarr"]
    found = open_stack(folder / "a.ome.zarr").data[...]
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.slow
def test_by_two_workers(trained, write_ramp, restore):
    model, source = trained("volume"), write_ramp("ZYX", (20, 46, 44))
    expected = restore(model, source, "b.ome.zarr")
    folder = source.parent / "out"
    ran = start(
        *(f"--model={model.logdir}", str(source), f"--output={folder}"),
        *(ZARR, "--zarr_chunks=8,16,16", "--cluster=local:2", "--preview"),
        "--n_tiles=1,2,2",
    )
    output, errors = ran.communicate()
    assert ran.returncode == 0, errors
    assert "2 workers, watched at http://" in output
    others = [
        x for x in errors.splitlines() if not re.search(r" \d+/\d+ \[", x)
    ]
    assert others == []
    assert (folder / "a.png").is_file()
    found = open_stack(folder / "a.ome.zarr").data[...]
    limit = 1e-5 * expected.std()
    np.testing.assert_allclose(found, expected, rtol=0, atol=limit)
