"""Which package may import which: the arrows point one way."""

import ast
import graphlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Each package, and those that it may import, lazily too.
ALLOWED = {
    "utils": set(),
    "data": {"utils"},
    "recipes": {"utils"},
    "layers": {"utils"},
    "models": {"layers", "utils"},
    "attention_maps": {"layers"},
    "profiler": {"utils"},
    "training": {"data", "models", "utils"},
    "restoration": {"layers", "models", "training", "utils"},
    "export": {
        *("data", "layers", "models", "restoration", "training", "utils"),
    },
    "inference": {"data", "export", "restoration", "training", "utils"},
}
ALLOWED["napari_plugin"] = {"inference", "restoration", "utils"}
ALLOWED["commands"] = {*ALLOWED}
# `python -m sanet_tf.NAME`, which calls a command.
THIN = ("explain", "predict", "restore", "export.__main__")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in sorted((ROOT / "sanet_tf").rglob("*.py"))
}


def imports(path):
    """Modules of the package that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                known = name in MODULES or f"{name}.__init__" in MODULES
                found.add(name if known else node.module)
        elif isinstance(node, ast.keyword) and node.arg == "submod_attrs":
            package = path.parent.relative_to(ROOT).parts
            names = ast.literal_eval(node.value)
            found |= {".".join((*package, name)) for name in names}
    return found


def package(module):
    return module.split(".")[1]


def test_packages_import_what_they_may():
    wrong = []
    for module, path in MODULES.items():
        own = module.removeprefix("sanet_tf.")
        if own in THIN or own == "__init__":
            continue
        for other in imports(path):
            if other.startswith("sanet_tf.") and (
                package(other)
                not in {*ALLOWED[package(module)]} | {package(module)}
            ):
                wrong.append(f"{module} imports {other}")
    assert not wrong
    assert len(MODULES) > 150


def test_there_are_no_cycles():
    """Of modules; those that are imported within functions count too."""
    graph = {
        module: {
            name
            for other in imports(path)
            for name in (other, f"{other}.__init__")
            if name in MODULES
        }
        for module, path in MODULES.items()
    }
    assert sum(map(len, graph.values())) > 300
    graphlib.TopologicalSorter(graph).prepare()


def test_the_package_knows_no_script():
    scripts = {
        path.stem
        for folder in ("experiments", "profiling")
        for path in (ROOT / folder).glob("*.py")
    }
    for path in MODULES.values():
        assert not {name.split(".")[0] for name in imports(path)} & scripts
