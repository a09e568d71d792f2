"""The files of experiments/sweep.py."""

from sanet_tf.utils import files


def write(directory, rows, record):
    """Writes recipe.csv, recipe.md and the record."""
    text = markdown(rows, record)
    files.write_csv(directory / "recipe.csv", rows)
    files.write_text(directory / "recipe.md", text)
    files.write_json(directory / "recipe.run.json", record)
    print(text)
    print(f"wrote {directory}/: recipe.csv, recipe.md")


def row(name, text, metrics, error):
    """A row of the table, from a run's metrics.json or its line of error."""
    values = {"name": name, "flags": text, "error": error}
    for column, place in (
        ("val_top1", "val_top1"),
        ("val_loss", "val_loss"),
        ("train_top1", "top1"),
        ("epochs", "epoch"),
    ):
        values[column] = None if metrics is None else metrics["last"][place]
    return values


def markdown(rows, record):
    """The table, the best first."""
    done = [row for row in rows if row["error"] is None]
    done.sort(key=lambda row: -row["val_top1"])
    flags = record["flags"]
    return "\n".join(
        [
            f"# Recipes for `{flags['model']}`",
            "",
            f"`{record['command']}`",
            "",
            f"*Measured*, seed {flags['seed']}, after the last epoch, in per "
            "cent. Flags: what differs from the command. One seed: "
            "it does not tell a difference from chance.",
            "",
            "| name | flags | epochs | validation top-1 | loss "
            "| training top-1 |",
            "|---|---|---:|---:|---:|---:|",
            *(
                f"| {row['name']} | `{row['flags'] or ' '}` | {row['epochs']} "
                f"| {100 * row['val_top1']:.2f} | {row['val_loss']:.3f} "
                f"| {100 * row['train_top1']:.2f} |"
                for row in done
            ),
            "",
            *(
                f"- {row['name']} (`{row['flags']}`) failed: {row['error']}"
                for row in rows
                if row["error"] is not None
            ),
        ]
    )
