"""A table in which every column says what its numbers are."""

import dataclasses

NAME = ""  # heads the row
EXACT = "exact"  # counted or calculated
MEASURED = "measured"  # here, by the command below the table
QUOTED = "quoted"  # printed in the paper
RECALLED = "recalled"  # of a paper that was not at hand


@dataclasses.dataclass(frozen=True)
class Table:
    """A table and the lines below it.

    Attributes:
        title: its heading.
        columns: pairs `(heading, status)`; a column holds numbers of one
            status alone.
        rows: lists of texts, one a column; None is what is not known.
        notes: lines below it: commands, differences, contradictions.
        second: heading of the column with which a second table begins, where
            one would be too wide; the columns that head a row stand in both.
    """

    title: str
    columns: tuple
    rows: list
    notes: list = dataclasses.field(default_factory=list)
    second: str | None = None

    def cells(self, status):
        """The texts of all columns of a status, without the unknown."""
        return [
            cell
            for row in self.rows
            for cell, (_, own) in zip(row, self.columns, strict=True)
            if own == status and cell is not None
        ]

    def markdown(self):
        """The table as text."""
        headings = [heading for heading, _ in self.columns]
        end = headings.index(self.second) if self.second else len(headings)
        names = [i for i in range(end) if self.columns[i][1] == NAME]
        parts = [range(end)]
        if self.second:
            parts.append([*names, *range(end, len(headings))])
        lines = [line for part in parts for line in (*self._part(part), "")]
        notes = [f"- {note}" for note in self.notes]
        return "\n".join([f"## {self.title}", "", *lines, *notes, ""])

    def _part(self, numbers):
        """The lines of a table of some columns, if anything was measured."""
        numbers = [
            i
            for i in numbers
            if self.columns[i][1] != MEASURED
            or any(row[i] is not None for row in self.rows)
        ]
        columns = [self.columns[i] for i in numbers]
        heads = [
            f"{heading} *{status}*" if status else heading
            for heading, status in columns
        ]
        rules = ["---:" if status else "---" for _, status in columns]
        rows = [
            ["–" if row[i] is None else row[i] for i in numbers]
            for row in self.rows
        ]
        return [f"| {' | '.join(row)} |" for row in (heads, rules, *rows)]


def millions(count):
    """A count with the digits of the papers, whose m is M: "289.86 M"."""
    return f"{count / 1e6:,.2f} M"


def percent(printed):
    """What a paper prints as a share, in per cent: "73.0" of "0.730"."""
    if printed is None or printed.endswith("%"):
        return printed and printed.removesuffix("%")
    return f"{100 * float(printed):.1f}"
