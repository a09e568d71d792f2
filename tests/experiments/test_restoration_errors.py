"""Wrong flags of experiments/restoration.py: one line, no leftovers."""

import numpy as np
import pytest

from tests import command_line as commands
from tests.experiments.conftest import error_line
from tests.experiments.restorations import (
    PATCHES,
    SCRIPT,
    VOLUMES,
    write_planaria,
)

pytestmark = pytest.mark.slow

REFUSED = [
    (["--data_dir=DIR"], "--dataset=simulated takes no --data_dir"),
    (["--dataset=zebra"], "expected one of simulated, noise, tiff, npz"),
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
        ([f"--flagfile={name}", "--data_dir=DIR"], of)
        for name, of in (
            ("planaria", "Denoising_Planaria.tar.gz"),
            ("tribolium", "Denoising_Tribolium.tar.gz"),
            ("flywing", "Projection_Flywing.tar.gz"),
            ("gvt-flywing", "Projection_Flywing.tar.gz"),
        )
    ),
    (["--dataset=flywing", "--data_dir=DIR"], "is for --task=project"),
    (["--dataset=planaria", "--data_dir=DIR", *PATCHES], "takes no --num_pat"),
    ([*VOLUMES, "--photons=5"], "--dataset=simulated takes no --photons"),
    ([*VOLUMES, "--patch_size=4,16"], "patches of 4x16 have 2 axes"),
    ([*VOLUMES, "--patch_size=4,15,16"], "expected multiples of 4x4x4"),
    ([*VOLUMES, "--patch_size=4,64,64"], "do not fit into train-0"),
    (
        [*VOLUMES, "--patch_size=4,x,16"],
        "4,x,16: expected whole numbers",
    ),
    ([*VOLUMES, *PATCHES, "--n_depth=3"], "4x16x16 do not fit --n_depth=3"),
    ([*VOLUMES, *PATCHES, "--learning_rate=0"], "train_learning_rate"),
    (["--statistics=volumes"], "volume; did you mean volume?"),
    (["--statistics="], "--statistics=: expected one or more of default"),
    (["--dataset=npz", "--data_dir=DIR"], "no such file; --dataset=npz needs"),
    ([*VOLUMES, "--test_data=DIR"], "takes no --test_data"),
    ([*VOLUMES, *PATCHES, "--clip_norm=nan"], "train_clip_norm"),
    (["--probabilistic", "--loss=mse"], "of its own: leave out --loss=mse"),
    (
        ["--baselines=tv,blur"],
        "--baselines=tv,blur: expected one or more of gaussian",
    ),
    (["--baselines="], "--baselines=: expected one or more of gaussian"),
    (
        [*VOLUMES, *PATCHES, "--statistics=volume", "--attention=softmax"],
        "--statistics=volume goes with --attention=none or siamese or sca",
    ),
    (["--channels=one"], "expected --channels=all, or numbers from 0 such as"),
    (["--channels=0,2"], "--dataset=simulated takes no --channels"),
    (["--percentiles=99,2"], "in ascending order, such as 2,99.99; got 99,2"),
    (["--n_tiles=1,0,2"], "expected whole numbers above 0, such as 1,4,4"),
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
