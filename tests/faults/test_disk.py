"""A disk that is full, or that must not be written: one line, nothing lost."""

import functools
import random
import shutil
import subprocess

import pytest

from tests import command_line as commands
from tests.experiments.conftest import error_line
from tests.faults import limits
from tests.faults.checks import assert_same_run, assert_whole, files_of

pytestmark = pytest.mark.slow
WRITES = (  # in their order; what comes again replaces an older file
    *("run.json", "labels.txt", "last.weights.h5", "best.weights.h5"),
    *("logs", "log.csv", "last.weights.h5", "logs", "log.csv"),
    *("curves.png", "saved_model", "metrics.json"),
)
LAST = ("saved_model", "metrics.json")
RESUMED = "the same command then ended with the bits of an undisturbed run"


def test_each_write_of_a_training(classifier, times, report, tmp_path):
    names, folder = times(LAST[:1], WRITES), tmp_path / "run"
    if names != WRITES:  # training is over
        copy_without(classifier.folder, folder, LAST)
    rng = random.Random(0)
    for name in names:
        before = contents(folder)
        size = rng.randrange(largest(classifier.folder / name))
        prepare = functools.partial(limits.refuse, name, size)
        result = classifier.start(folder, prepare).result()
        assert result.returncode == 1, result.stderr
        assert name in error_line(result)
        assert_whole(folder)
        assert not list(folder.rglob(".writing-*"))
        after = contents(folder)
        assert before.keys() <= after.keys()
        for path in before:
            if path.startswith(name) and name != "logs":
                assert before[path] == after[path], path
    finish(classifier, folder)
    report(
        "Disk full at a write",
        "`experiments/imagenet.py`; the kernel lets a file grow to a random "
        f"part of its size: {', '.join(dict.fromkeys(names))}",
        len(names),
        "one line that names the file, exit status 1, the older file as it "
        f"was, nothing half written; {RESUMED}",
    )


def test_writes_of_a_restoration(times, report, request, tmp_path):
    """Of any file, also by TensorBoard and in the process that evaluates."""
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    restoration = request.getfixturevalue("restoration")
    folder, largest_file = tmp_path / "run", largest(restoration.folder)
    sizes = [int(largest_file ** (n / 12)) for n in range(8, 12)]
    for size in sizes:
        prepare = functools.partial(limits.refuse_all, size)
        result = restoration.start(folder, prepare).result()
        assert result.returncode == 1, result.stderr
        assert "File too large" in error_line(result)
        assert_whole(folder)
    finish(restoration, folder)
    report(
        "Disk full at a write",
        "`experiments/restoration.py`; the kernel lets no file grow beyond "
        f"{', '.join(f'{size:,}' for size in sizes)} bytes",
        len(sizes),
        f"one line, exit status 1; {RESUMED}",
    )


def test_full_disk(classifier, times, report, tmp_path):
    """A file system that is too small, with room made again and again."""
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    if subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("the kernel gives no user namespaces")
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    needed = sum(path.stat().st_size for path in files_of(classifier.folder))
    shares = (0, 0.1, 0.3, 0.5, 0.7, 0.9)
    command = commands.arguments(classifier.script, *classifier.flags)
    script = [f"mount -t tmpfs none {disk}"]
    for number, size in enumerate([*shares, 4]):
        blocks = max(1, int(needed * size / 4096))
        script += [
            f"mount -o remount,nr_blocks={blocks} {disk}",
            f"{subprocess.list2cmdline(command)} --output_dir={disk}/run "
            f"> {tmp_path}/out{number} 2> {tmp_path}/err{number} "
            f"&& status=0 || status=$?; echo $status > {tmp_path}/rc{number}",
        ]
    script += [f"cp -r {disk}/run {copy}"]
    subprocess.run(
        ["unshare", "-rm", "sh", "-ec", "\n".join(script)],
        cwd=commands.ROOT,
        env=commands.SHELL,
        check=True,
    )
    failed = 0
    for number in range(len(shares) + 1):
        result = subprocess.CompletedProcess(
            *(command, int((tmp_path / f"rc{number}").read_text()), ""),
            stderr=(tmp_path / f"err{number}").read_text(),
        )
        if result.returncode:
            assert result.returncode == 1
            assert "No space left on device" in error_line(result)
            failed += 1
    assert result.returncode == 0
    assert_same_run(copy, classifier.folder)
    report(
        "Disk full",
        "the same, on a file system of "
        f"{', '.join(f'{share:.0%}' for share in shares)} of what the run "
        "needs, one size after the other",
        failed,
        'one line, "No space left on device", exit status 1; with room, '
        f"{RESUMED}",
    )


def test_read_only_folder(classifier, times, report, tmp_path):
    """Before a run, in one that is resumed, and in one that is going on."""
    run, parent = tmp_path / "run", tmp_path / "parent"
    copy_without(classifier.folder, run, LAST)
    parent.mkdir()
    before = contents(run)
    for path, line in (
        (parent / "new", "cannot make the directory"),
        (run, "cannot write in"),
    ):
        with read_only(run), read_only(parent):
            result = classifier.start(path, limits.obey_permissions).result()
        assert result.returncode == 1
        assert line in error_line(result)
    assert contents(run) == before
    assert not (parent / "new").exists()
    count, going = 2, tmp_path / "going"
    if times(False, True):
        count += 1
        prepare = functools.partial(limits.lock_after_an_epoch, going)
        result = classifier.start(going, prepare).result()
        going.chmod(0o755)
        assert result.returncode == 1
        assert "last.weights.h5" in error_line(result)
        assert_whole(going)
        finish(classifier, going)
    report(
        "Read-only folder",
        "its parent; the folder of a run that is resumed; of one that trains",
        count,
        "one line, exit status 1, nothing changed; made writable, the same "
        "command went on",
    )


def copy_without(source, target, names):
    shutil.copytree(source, target)
    for name in names:
        path = target / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files_of(folder)
    }


def largest(path):
    """Size of a file, or of the largest in a folder."""
    paths = files_of(path) if path.is_dir() else [path]
    return max(path.stat().st_size for path in paths)


def finish(reference, folder):
    result = reference.start(folder).result()
    assert result.returncode == 0, result.stderr
    assert_same_run(folder, reference.folder)


class read_only:
    """A context in which a folder is not to be written."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.folder.chmod(0o555)

    def __exit__(self, *_):
        self.folder.chmod(0o755)
