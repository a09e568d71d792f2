"""Two writers in one folder: one writes, the others are told."""

import collections

import pytest

from sanet_tf.training.run_directory import RunDirectory
from sanet_tf.utils.errors import UserError
from tests.experiments.conftest import error_line
from tests.faults.checks import assert_same_run
from tests.faults.processes import CONTEXT, TIMEOUT

WRITERS = 4


def open_run(folder, rounds, barrier, results):
    """Opens the folders `rounds` at the same moment as the others do."""
    said = []
    for number in range(rounds):
        barrier.wait(TIMEOUT)
        try:
            run = RunDirectory(folder / str(number), {})
            said.append("written")
        except UserError as error:
            run = None
            said.append(str(error).partition(str(folder))[0])
        barrier.wait(TIMEOUT)
        if run is not None:
            run.close()
    results.put(said)


def test_one_of_several_opens_a_folder(server, times, report, tmp_path):
    rounds, barrier = times(20, 1000), CONTEXT.Barrier(WRITERS)
    results = CONTEXT.Queue()
    writers = [
        CONTEXT.Process(
            target=open_run, args=(tmp_path, rounds, barrier, results)
        )
        for _ in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    said = [results.get(timeout=TIMEOUT) for _ in writers]
    for writer in writers:
        writer.join()
    refused = "another process is writing in "
    for each in zip(*said, strict=True):
        assert collections.Counter(each) == {"written": 1, refused: WRITERS - 1}
    report(
        "Several writers of one folder",
        f"{WRITERS} processes open the folder of a run at the same moment",
        rounds,
        "one got it, the others were told so, every time",
    )


@pytest.mark.slow
def test_the_same_command_twice_at_once(classifier, times, report, tmp_path):
    if not times(False, True):
        pytest.skip("`make test-faults` does it")
    for number in range(3):
        folder = tmp_path / str(number)
        commands = [classifier.start(folder) for _ in range(2)]
        results = [command.result() for command in commands]
        results.sort(key=lambda result: result.returncode)
        assert [result.returncode for result in results] == [0, 1]
        assert "another process is writing in" in error_line(results[1])
        assert_same_run(folder, classifier.folder)
    report(
        "The same command twice at once",
        "`experiments/imagenet.py`",
        3,
        "one trained, to the bits of an undisturbed run; the other ended with "
        "one line, exit status 1",
    )
