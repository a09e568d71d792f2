"""The recipes of the package, which --flagfile finds by name."""

import json
import re
from pathlib import Path

import pytest

from sanet_tf import recipes
from sanet_tf.utils.errors import UserError

ROOT = Path(__file__).parents[2]


def test_a_name_becomes_a_path():
    path = recipes.PATHS["paper"]
    assert path.is_file()
    assert recipes.located(["a.py", "--flagfile=paper", "--epochs=1"]) == [
        *("a.py", f"--flagfile={path}", "--epochs=1")
    ]
    assert recipes.located(["a.py", "-flagfile", "paper"]) == [
        *("a.py", "-flagfile", str(path))
    ]
    old = "--flagfile=experiments/recipes/paper.flags"
    assert recipes.located([old]) == [f"--flagfile={path}"]


def test_what_is_no_flag_stays():
    words = ["a.py", "flagfile=zebra", "--", "--flagfile=zebra"]
    assert recipes.located(words) == words


def test_files_come_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("paper").write_text("--epochs=3")
    assert recipes.located(["--flagfile=paper"]) == ["--flagfile=paper"]


def test_files_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.flags").touch()
    assert recipes.located(["--flagfile=~/a.flags"]) == ["--flagfile=~/a.flags"]


def test_unknown_ones_are_refused():
    with pytest.raises(UserError, match=r"file, or one of .*mean planaria\?"):
        recipes.located(["--flagfile=planria"])


def test_those_that_are_told_of_exist():
    texts = [
        *(ROOT / "docs/pages").glob("*.md"),
        *recipes.PATHS.values(),
        *(ROOT / "sanet_tf/commands").glob("*.py"),
        *(ROOT / "experiments").glob("*.py"),
        *(ROOT / "README.md", ROOT / "Makefile"),
    ]
    named = {
        name
        for path in texts
        for name in re.findall(r"--flagfile=([a-z][\w/-]*)", path.read_text())
    }
    assert len(named) > 10
    assert named <= {*recipes.PATHS}


@pytest.mark.parametrize("data", ["ovule", "flybrain", "simulated"])
def test_the_recipe_for_volumes_is_that_of_the_records(data):
    record = ROOT / f"results/restoration/{data}/table6.run.json"
    own = json.loads(record.read_text())["flags"]
    lines = recipes.PATHS["volumes"].read_text().splitlines()
    for line in lines:
        if line.startswith("--"):
            name, _, value = line.removeprefix("--").partition("=")
            wanted = value or str(not name.startswith("no"))
            found = own[name if name in own else name.removeprefix("no")]
            text = ",".join(found) if isinstance(found, list) else f"{found}"
            assert text.removesuffix(".0") == wanted, name
