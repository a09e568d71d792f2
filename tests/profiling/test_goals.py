"""The page of goals, by the records that are committed."""

import csv
import shutil

import goals
import pytest

from .conftest import ROOT, run_script

RECORDS = ROOT / "results/profiling"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(RECORDS, tmp_path / "profiling")


def change(path, values, **row):
    """Changes values of the rows of a csv that have those of `row`."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    found = [r for r in rows if row.items() <= r.items()]
    assert found
    for each in found:
        each.update(values)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def by_name(targets, *words):
    (target,) = [t for t in targets if all(word in t.name for word in words)]
    return target


def test_page_is_that_of_the_records(folder):
    committed = (folder / "goals.md").read_text()
    (folder / "goals.md").unlink()
    goals.write(folder)
    assert (folder / "goals.md").read_text() == committed


def test_latency_is_held_against_the_same_call(folder):
    call = {"runtime": "LiteRT", "batch_size": "32", "threads": "2"}
    path = folder / "latency.csv"
    change(path, {"ms": "150"}, network="sanet", **call)
    change(path, {"ms": "100"}, network="mobilenet_v2", **call)
    change(path, {"ms": "75"}, network="sanet, int8", **call)
    targets = goals.latency(folder)
    assert len(targets) == 40  # 16 calls, two networks; 8 calls of 8 bits
    name = "LiteRT, 32 images, two threads"
    own = by_name(targets, name, "/ mobilenet_v2")
    assert (own.measured, own.met) == (1.5, False)
    small = by_name(targets, name, "int8")
    assert (small.measured, small.met) == (0.5, True)


def test_memory_is_held_against_what_was_taken(folder):
    path = folder / "restoration_planaria.csv"
    taken = {"peak_rss_bytes": str(10 * 2**30), "seconds": "30"}
    change(path, taken, statistics="volume")
    change(path, {"predicted_bytes": str(9 * 2**30)}, statistics="volume")
    change(path, {"seconds": "20"}, statistics="tile")
    targets = [t for t in goals.volume(folder) if "25 tiles" in t.name]
    assert by_name(targets, "time of volume").measured == 1.5
    assert by_name(targets, "GiB").measured == 10
    predicted = by_name(targets, "of volume, predicted")
    assert predicted.measured == pytest.approx(0.1)
    assert not predicted.met


def test_pages_are_held_against_the_same_network(folder):
    rows = {"network": "siamese", "statistics": "tile"}
    change(folder / "restoration.csv", {"step_ms": "100"}, **rows)
    change(folder / "huge_pages/restoration.csv", {"step_ms": "80"}, **rows)
    step = by_name(goals.pages(folder), "huge pages", "U-Net with SAO")
    assert (step.measured, step.met) == (0.8, True)


def test_a_ratio_that_was_not_measured_is_not_met(folder):
    path = folder / "targets.csv"
    name = "peers 56²x256, batch 8: PyTorch SDPA / SAO"
    change(path, {"measured": "", "met": "not measured"}, target=name)
    counts = goals.write(folder)
    assert counts[2] == 1
    text = (folder / "goals.md").read_text()
    assert f"| operators: {name} |  | ≥ 1 | not measured |" in text


def test_a_record_that_is_not_there(folder):
    (folder / "table2.csv").unlink()
    (folder / "goals.md").write_text("as before")
    run = run_script("write_goals.py", f"--output={folder}")
    assert run.returncode == 1
    assert "table2.csv is not there" in run.stderr
    assert "Traceback" not in run.stderr
    assert (folder / "goals.md").read_text() == "as before"
