"""Gives the site what is not written for it, so that links to it are checked.

results/     the records, *.md and *.png, under the same names
figures/     what docs/figures.py has drawn, from build/figures
commands.md  all commands and their flags
contributing.md, changes.md  the files of the repository
"""

import re
from pathlib import Path

import commands  # beside this file
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]


def on_files(files, config):
    """Adds these files to those of docs/pages."""
    for folder, name in ((ROOT, "results"), (ROOT / "build", "figures")):
        for path in sorted((folder / name).rglob("*")):
            if path.suffix in (".md", ".png"):
                target = path.relative_to(folder).as_posix()
                files.append(
                    File.generated(config, target, abs_src_path=str(path))
                )
    pages = {
        "commands.md": commands.page(),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text(),
        "changes.md": (ROOT / "CHANGELOG.md").read_text(),
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """In a record `[s, 1] [means]` is a product, not a cross-reference.

    Its tables are wide, and get the place of the table of contents.
    """
    if not page.file.src_uri.startswith("results/"):
        return markdown
    page.meta["hide"] = ["toc"]
    return re.sub(r"\](\s?)\[", r"]\1\\[", markdown)
