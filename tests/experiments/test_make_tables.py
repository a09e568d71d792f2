"""results/TABLES.md: every number stands where it belongs."""

import dataclasses
import re
import runpy

import make_tables
import pytest
from paper_tables import (
    classification,
    counts,
    differences,
    operators,
    quoted,
    records,
    restored,
)
from paper_tables.table import EXACT, MEASURED, QUOTED, RECALLED, Table

from tests import command_line as commands

RESULTS = commands.ROOT / "results"
MEASURED_COLUMNS = (
    *("memory_bytes", "saving", "wall_ms", "wall_spread_ms", "speedup"),
    *("psnr", "psnr_ci95", "ssim", "ssim_ci95", "nrmse", "nrmse_ci95"),
    *("val_top1", "val_top1_ci95"),
    *("difference", "difference_low", "difference_high"),
)
SCALES = (1, 100, 1e-6, 1e-9)  # units of the cells: points, MB, GB
COMPARED = [
    {
        **{"model": "mobilenet_v2", "seeds": 3, "val_top1": 0.7},
        **{"val_top1_ci95": 0.01, "val_top5": 0.9, "val_top5_ci95": 0.01},
        **dict.fromkeys(("difference", "difference_low", "difference_high")),
    },
    {
        **{"model": "sanet", "seeds": 3, "val_top1": 0.7125},
        **{"val_top1_ci95": 0.02, "val_top5": 0.9, "val_top5_ci95": 0.01},
        **{"difference": 0.0125, "difference_low": -0.03},
        **{"difference_high": 0.055},
    },
]


@pytest.fixture(scope="module")
def found():
    """The committed records, and a comparison if they have none."""
    loaded = records.load(RESULTS)
    if loaded.compared is not None:
        return loaded
    record = {
        **{"command": "python experiments/compare.py", "machine": "a machine"},
        **{"baseline": "mobilenet_v2"},
        "data": {"name": "imagenette160", "image_size": 96},
    }
    compared = records.Recorded(COMPARED, record)
    return dataclasses.replace(loaded, compared=compared)


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
