"""A trained restoration model on data that it has not seen."""

import pytest

from tests import command_line as commands
from tests.experiments import restorations
from tests.experiments.conftest import error_line

SCRIPT = "experiments/evaluate_restoration.py"
DATA = (*restorations.PATCHES, *restorations.VOLUMES)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    result = restorations.run(
        *(*restorations.NETWORK, *DATA, "--attention=none", "--epochs=1"),
        *("--notensorboard", "--baselines=gaussian", f"--output={folder}"),
    )
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.slow
def test_it_is_what_the_training_says_of_the_same_stacks(trained, tmp_path):
    result = commands.run(
        *(SCRIPT, *DATA, f"--model={trained / 'model'}"),
        *("--baselines=gaussian", f"--output={tmp_path}"),
    )
    assert result.returncode == 0, result.stderr
    found, own = map(restorations.metrics_in, (tmp_path, trained))
    assert found["data"] == own["data"]
    for name in ("psnr", "ssim", "nrmse", "psnr_raw"):
        for rows in (found, own):
            assert rows["restored"]["default"][name] > 0
        assert found["restored"]["default"][name] == pytest.approx(
            own["restored"]["default"][name]
        )
        assert (
            found["baselines"]["gaussian"][name]
            == own["baselines"]["gaussian"][name]
        )
    assert [path.suffix for path in (tmp_path / "previews").iterdir()]
    assert (tmp_path / "run.json").exists()
    last = result.stdout.splitlines()[-1]
    assert last.startswith("the network, ")
    assert "gaussian" in last


@pytest.mark.slow
def test_planes_for_a_model_of_volumes(trained, tmp_path):
    result = commands.run(
        *(SCRIPT, "--patch_size=16,16", f"--model={trained / 'model'}"),
        f"--output={tmp_path / 'new'}",
    )
    assert "the model's axes, ZYX" in error_line(result)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "expected --model=DIR"),
        (("--model=nowhere",), "expected the folder of a model"),
        (("--model=nowhere", "--baselines=blur"), "gaussian, median, tv"),
    ],
)
def test_wrong_flags_are_one_line(flags, words):
    assert words in error_line(commands.run(SCRIPT, *flags))
