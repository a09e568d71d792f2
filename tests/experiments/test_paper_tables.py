"""What single tables of results/TABLES.md say, and how they explain it."""

import dataclasses

import make_tables
import pytest
from paper_tables import (
    classification,
    counts,
    differences,
    operators,
    quoted,
    restored,
)
from paper_tables.table import EXACT, MEASURED, Table

from tests.experiments import paper_records


@pytest.fixture(scope="module")
def found():
    return paper_records.load()


@pytest.mark.parametrize(
    ("below", "words"),
    [
        (None, "The record has no filters that need no training."),
        ("none", "None is below a filter that needs no training."),
        ("tv median", "training: U-Net is below tv, median; U-Net+Attn is"),
    ],
)
def test_networks_below_a_filter_are_named(found, below, words):
    source = found.restored["simulated"]
    rows = [row | {"below": below} for row in source.rows]
    source = dataclasses.replace(source, rows=rows)
    one = dataclasses.replace(found, restored={"simulated": source})
    (note,) = (n for n in restored.table_6(one).notes if "simulated" in n)
    assert words in note


def test_networks_that_are_no_unets_are_named(found):
    notes = restored.table_6(found).notes
    (note,) = (note for note in notes if "GVTNets, not U-Nets" in note)
    assert note.startswith("*measured*, gvtnet: ")


def test_a_column_in_which_nothing_was_measured_is_left_out(found):
    without = dataclasses.replace(found, compared=None)
    table = classification.table_3(without)
    assert table.cells(MEASURED) == []
    assert "*measured* |" not in table.markdown()
    assert "*measured* |" in classification.table_3(found).markdown()
    assert (
        "`python experiments/compare.py --networks=googlenet," in table.notes[0]
    )
    assert "No network was trained on\nImageNet here" in make_tables.HEAD


def test_formulas_of_table_1_give_table_2(found):
    formulas = {
        "softmax": lambda n, d: 2 * n * n * d,
        "scaled": lambda n, d: 2 * n * d * d,
        "siamese": lambda n, d: 4 * n * d,
    }
    assert formulas.keys() == operators.FORMULAS.keys()
    for row in found.profile.rows:
        if row["operator"] in formulas:
            side, channels = map(int, row["size"].split("x"))
            expected = formulas[row["operator"]](side**2, channels)
            assert row["madd"] == expected


def test_table_8_is_as_printed(found):
    table = counts.table_8(found)
    assert [tuple(row) for row in table.rows] == list(quoted.TABLE_8)
    assert "every cell is as printed" in table.notes[0]
    rows = ((True, 6, 16, 1, 1), *found.network[1:])
    changed = dataclasses.replace(found, network=rows)
    assert "112² × 32 differ" in counts.table_8(changed).notes[0]


@pytest.mark.parametrize(
    ("count", "unit", "printed", "expected"),
    [
        (3_449_408, 6, "3.44 M", "3.45 M"),
        (3_449_408, 0, "3,448,448", "3,449,408"),
        (15_470_264_320, 6, "15300 M", "15470 M"),
        (3_857_973_248, 9, "3.87", "3.86"),
    ],
)
def test_counts_as_they_are_printed(count, unit, printed, expected):
    assert differences.as_printed(count, unit, printed) == expected


def test_every_difference_in_counts_is_told(found):
    notes = classification.table_7(found).notes
    assert sum("the two rows are swapped" in note for note in notes) == 2
    notes = classification.table_4(found).notes
    assert sum("3.44 M printed: cut, not rounded" in n for n in notes) == 4
    for table in make_tables.tables(found):
        assert not any("not explained" in note for note in table.notes)


def test_networks_in_the_tables_are_all_counted(found):
    shown = "\n".join(t.markdown() for t in make_tables.tables(found))
    for model in (*found.counts, *found.unets):
        assert f"`{model}`" in shown


def test_a_row_has_a_cell_for_each_column():
    table = Table("a", (("b", ""), ("c", EXACT)), [["1"]])
    with pytest.raises(ValueError, match="zip"):
        table.cells(EXACT)
