"""results/TABLES.md: every number stands where it belongs."""

import dataclasses
import re
import runpy

import make_tables
import pytest
from paper_tables import (
    counts,
    quoted,
    records,
)
from paper_tables.table import EXACT, MEASURED, QUOTED, RECALLED

from tests import command_line as commands
from tests.experiments import paper_records
from tests.experiments.paper_records import RESULTS

MEASURED_COLUMNS = (
    *("memory_bytes", "saving", "wall_ms", "wall_spread_ms", "speedup"),
    *("psnr", "psnr_ci95", "ssim", "ssim_ci95", "nrmse", "nrmse_ci95"),
    *("val_top1", "val_top1_ci95"),
    *("difference", "difference_low", "difference_high"),
)
SCALES = (1, 100, 1e-6, 1e-9)  # units of the cells: points, MB, GB


@pytest.fixture(scope="module")
def found():
    return paper_records.load()


def numbers(text):
    return re.findall(r"\d[\d,]*(?:\.\d+)?", text)


def texts(value):
    """All texts in nested containers."""
    if isinstance(value, dict):
        value = list(value.values())
    elif isinstance(value, str):
        return [value]
    elif not isinstance(value, list | tuple):
        return []
    return [text for one in value for text in texts(one)]


def sources(found):
    return [found.profile, *found.restored.values(), found.compared]


def test_the_committed_tables_are_those_of_the_committed_records():
    made = make_tables.markdown(records.load(RESULTS))
    assert made == (RESULTS / "TABLES.md").read_text(), "run `make tables`"


def test_quoted_columns_hold_what_the_papers_print(found):
    path = commands.ROOT / "profiling"
    table_2 = runpy.run_path(path / "paper.py")["TABLE_2"]
    published = runpy.run_path(path / "published.py")["PUBLISHED"]
    own = [v for name, v in vars(quoted).items() if name.isupper()]
    printed = {n for t in texts([*own, table_2, published]) for n in numbers(t)}
    printed |= {
        f"{row['paper_madd'] / 1e6:.0f}"
        for row in published.values()
        if row["paper_madd"]
    }
    printed |= {f"{100 * float(n):.1f}" for n in printed if n[:2] == "0."}
    for table in make_tables.tables(found):
        for cell in table.cells(QUOTED):
            assert set(numbers(cell)) <= printed, (table.title, cell)


def test_what_is_recalled_is_never_called_quoted(found):
    """Nor the other way round."""
    sources = {
        model: count["source"]
        for model, count in found.counts.items()
        if f"| `{model}` |" in counts.other_networks(found, []).markdown()
    }
    recalled = {m for m, s in sources.items() if s and "recalled" in s}
    assert recalled == {
        *("mobilenet_v2_ca", "resnet50_gc"),
        *("resnet50_gsa", "resnet101_gsa"),
    }
    *others, further = make_tables.tables(found)
    assert {row[0].strip("`") for row in further.rows if row[-1]} == recalled
    assert len(further.cells(RECALLED)) == 2 * len(recalled)
    assert not further.cells(QUOTED)
    for table in others:
        assert not table.cells(RECALLED)


def test_a_changed_working_copy_is_said():
    record = {"command": "a", "machine": "b", "commit": "12ab-dirty"}
    assert "changes not committed" in str(records.Recorded([], record))
    record["commit"] = "12ab"
    assert str(records.Recorded([], record)) == "`a` on b"


def test_measured_columns_hold_what_a_record_has(found):
    values = [
        abs(row[column])
        for source in sources(found)
        for row in source.rows
        for column in MEASURED_COLUMNS
        if row.get(column) is not None
    ]
    for table in make_tables.tables(found):
        for number in (n for c in table.cells(MEASURED) for n in numbers(c)):
            shown = float(number.replace(",", ""))
            half = 0.51 * 10 ** -len(number.partition(".")[2])
            assert any(
                abs(value * scale - shown) <= half
                for value in values
                for scale in SCALES
            ), (table.title, number)


def test_a_measurement_changes_measured_columns_alone(found):
    """All of their cells, and no other."""

    def changed(source):
        rows = [
            {
                name: 1.5 * value + 0.01
                if name in MEASURED_COLUMNS and value is not None
                else value
                for name, value in row.items()
            }
            for row in source.rows
        ]
        return dataclasses.replace(source, rows=rows)

    other = dataclasses.replace(
        found,
        profile=changed(found.profile),
        restored={name: changed(s) for name, s in found.restored.items()},
        compared=changed(found.compared),
    )
    count = 0
    for one, two in zip(
        make_tables.tables(found), make_tables.tables(other), strict=True
    ):
        for status in (EXACT, QUOTED):
            assert one.cells(status) == two.cells(status)
        pairs = zip(one.cells(MEASURED), two.cells(MEASURED), strict=True)
        for before, after in pairs:
            assert before != after, (one.title, before)
            count += 1
    assert count > 50


def test_measured_tables_name_their_command(found):
    named = [str(source) for source in sources(found)]
    for table in make_tables.tables(found):
        if table.cells(MEASURED):
            notes = "\n".join(table.notes)
            assert any(text in notes for text in named), table.title
