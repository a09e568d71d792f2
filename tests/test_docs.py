"""The documentation tells the truth: code, commands, links and names exist."""

import importlib
import pkgutil
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from sanet_tf.commands.main import COMMANDS

ROOT = Path(__file__).parents[1]
# Scripts that only call a command of the package.
THIN = {
    "experiments/imagenet": "train",
    "experiments/restoration": "train_restoration",
    "experiments/evaluate.py": "evaluate",
    "profiling/run_profile": "profile",
    "sanet_tf/export": "export",
    "sanet_tf/explain": "explain",
    "sanet_tf/predict": "predict",
    "sanet_tf/restore": "restore",
}
DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(DOCS / "pages").as_posix(): path.read_text()
    for path in sorted((DOCS / "pages").rglob("*.md"))
}
TEXT = "\n".join(PAGES.values())
MADE = ("commands.md", "contributing.md", "changes.md")  # by docs/hooks.py
# Not YAML's: the file may hold what only mkdocs reads.
NAV = re.findall(
    r"^ +- ([\w./-]+\.md)$", (DOCS / "mkdocs.yml").read_text(), re.M
)


def blocks(text, language):
    """The fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands():
    """`(script, flags)` of every command that runs Python, or is `sanet`."""
    lines = [
        *(line for b in blocks(TEXT, "sh") for line in b.splitlines()),
        *re.findall(r"`([^`\n]*(?:python|sanet) [^`\n]*)`", TEXT),
    ]
    start = r"(?:python (?:-m )?|\b(?=sanet [a-z]))(sanet [a-z-]+|[\w./]+)(.*)"
    return [
        (script, re.findall(r"--(\w+)", rest))
        for line in lines
        for script, rest in re.findall(start, line)
    ]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(PAGES[page], "python")]
)
def test_code_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks(PAGES[page], "python"):
        exec(block, names)


def test_pages_are_in_the_navigation():
    assert len(set(NAV)) == len(NAV)
    written = {page for page in NAV if not page.startswith("results/")}
    assert written == {*PAGES, *MADE}


def test_links_lead_somewhere(figures):
    files = {
        *PAGES,
        *MADE,
        *(path.name for path in (ROOT / "docs/pages").glob("*.png")),
        *(f"figures/{name}.png" for name in figures.FIGURES),
        *(
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / "results").rglob("*")
        ),
    }
    for page, text in PAGES.items():
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = link.partition("#")
            if path.startswith("https://"):
                continue
            there = (ROOT / page).parent / path if path else ROOT / page
            there = there.resolve().relative_to(ROOT).as_posix()
            assert there in files, f"{page}: {link}"
            if anchor:
                headings = [f"sanet {name}" for name in COMMANDS]
                if there != "commands.md":  # which is made when it is built
                    headings = re.findall(r"^#+ (.*)$", PAGES[there], re.M)
                assert anchor in map(slug, headings), f"{page}: {link}"


def slug(heading):
    """A heading's anchor, as Markdown's table of contents makes it."""
    kept = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"[-\s]+", "-", kept)


def test_figures_are_shown(figures):
    assert set(re.findall(r"figures/(\w+)\.png", TEXT)) == set(figures.FIGURES)


def test_files_of_the_commands_exist():
    paths = re.findall(r"(?:python |flagfile=)([\w/-]+\.[\w]+)", TEXT)
    paths = {path for path in paths if "/" in path}
    assert len(paths) > 10
    for path in paths:
        assert (ROOT / path).is_file(), path
    targets = re.findall(r"make ([a-z][\w-]*)", "\n".join(blocks(TEXT, "sh")))
    makefile = (ROOT / "Makefile").read_text()
    for target in targets:
        assert f"\n{target}:" in makefile, target


@pytest.mark.parametrize(("script", "flags"), commands())
def test_flags_of_the_commands_exist(script, flags):
    if script.startswith("sanet "):
        name = script.removeprefix("sanet ").replace("-", "_")
        script = f"sanet_tf/commands/{name}.py"
    elif "/" not in script:
        script = f"{script.replace('.', '/')}.py"
    for other, name in THIN.items():
        if script.startswith(other):
            script = f"sanet_tf/commands/{name}.py"
    assert set(flags) <= defined(ROOT / script) | {"flagfile", "help"}


def defined(path):
    """Flags and aliases that a script, or one that it imports, defines."""
    text = path.read_text()
    definition = r'(?:\bDEFINE_\w+|\bdefine_\w+|\balias)\(\s*"(\w+)"'
    flags = {*re.findall(definition, text)}
    others = [
        path.with_name(f"{name}.py")
        for name in re.findall(r"^import (\w+)", text, re.MULTILINE)
    ]
    imports = r"^from sanet_tf.commands(.flags)? import (\([^)]*\)|.*)$"
    for package, names in re.findall(imports, text, re.MULTILINE):
        folder = ROOT / "sanet_tf/commands" / package.removeprefix(".")
        others += [folder / f"{name}.py" for name in re.findall(r"\w+", names)]
    for other in others:
        if other.is_file():
            flags |= defined(other)
    return flags


def test_the_page_of_commands_has_all_flags(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    page = importlib.import_module("commands").page()
    monkeypatch.delitem(sys.modules, "commands")
    sections = re.split(r"^## sanet ", page, flags=re.MULTILINE)[1:]
    assert [text.split("\n")[0] for text in sections] == [*COMMANDS]
    for name, text in zip(COMMANDS, sections, strict=True):
        script = f"sanet_tf/commands/{name.replace('-', '_')}.py"
        flags = re.findall(r"^\| `--(\w+)` \|", text, re.MULTILINE)
        assert len({*flags}) == len(flags), name
        old = {"output_dir", "weights", "model" if name == "train" else ""}
        assert {*flags} == defined(ROOT / script) - old, name
    assert "| `--top` | `5` |" in page
    assert "(one of saved_model, litert, onnx)" in page
    train = sections[0]
    assert re.findall(r"^### (.*)$", train, re.MULTILINE) == [
        *("Data", "Network", "Recipe", "Augmentation", "Fine-tuning"),
        *("Evaluation", "Output", "Hardware"),
    ]
    assert "| `--network` | `sanet` |" in train


@pytest.mark.parametrize("package", ["layers", "models", "restoration"])
def test_the_api_is_complete(package):
    page = PAGES[f"api/{package}.md"]
    module = importlib.import_module(f"sanet_tf.{package}")
    for name in module.__all__:
        known = f"::: sanet_tf.{package}.{name}\n", f"`{name}`"
        assert any(text in page for text in known), name


def test_documented_objects_have_docstrings():
    names = re.findall(r"^::: ([\w.]+)$", TEXT, re.MULTILINE)
    assert len(names) > 30
    for name in names:
        assert pkgutil.resolve_name(name).__doc__, name


@pytest.fixture
def figures(monkeypatch):
    """docs/figures.py, which imports its neighbour."""
    monkeypatch.syspath_prepend(str(DOCS))
    yield importlib.import_module("figures")
    for name in "figures", "weights":  # no names for other tests
        sys.modules.pop(name, None)


@pytest.fixture
def weights(figures):
    """docs/weights.py."""
    return importlib.import_module("weights")


def test_figures_are_drawn(figures, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    monkeypatch.setattr(figures, "OUTPUT", tmp_path / "figures")
    figures.main([])
    written = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert written == set(figures.FIGURES)


def test_figures_show_what_the_pages_say(weights):
    pairs = weights.pair_weights()
    for name in "softmax", "pooled":
        np.testing.assert_allclose(pairs[name].sum(1), 1, rtol=1e-4)
    ranks = {
        name: np.linalg.matrix_rank(pairs[name], rtol=1e-5)
        for name in ("scaled", "siamese")
    }
    assert ranks == {"scaled": 3, "siamese": 2}
    shift = pairs["siamese"][0] - pairs["siamese"][1]
    np.testing.assert_allclose(shift, shift[0], atol=1e-6)

    place = _, column = 5, 20
    gsa = weights.gsa_weights(place)
    elsewhere = np.arange(weights.SIDE) != column
    assert not gsa["columns"][:, elsewhere].any()
    assert gsa["columns"][:, column].all()
    assert gsa["columns, then rows"].all()

    gates = weights.gates()
    for factors in gates["se"].values():
        np.testing.assert_allclose(factors, factors[0, 0], rtol=1e-5)
    np.testing.assert_allclose(
        gates["ssa"]["red"], gates["ssa"]["blue"], rtol=1e-5
    )
    for factors in gates["ca"].values():
        assert np.linalg.matrix_rank(factors, rtol=1e-4) == 1
    assert np.ptp(gates["ca"]["red"]) > 0
    mean = weights.context_weights().mean()
    np.testing.assert_allclose(mean, 1, rtol=1e-4)
