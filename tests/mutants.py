"""Changes of a file by cosmic-ray: a random sample, and how many were noticed.

    python tests/mutants.py sample SESSION COUNT
    python tests/mutants.py score SESSION

`make mutate` calls both. A session is cosmic-ray's file of the changes.
"""

import random
import sys

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult


def sample(session, count):
    """Leaves so many of the changes that wait, the same ones each time."""
    pending = sorted(session.pending_work_items, key=_place)
    random.Random(0).shuffle(pending)
    for item in pending[count:]:
        session.set_result(item.job_id, WorkResult(WorkerOutcome.SKIPPED))


def score(session):
    """A line: how many changes were tried and how many were noticed."""
    outcomes = [result.test_outcome for _, result in session.results]
    killed = outcomes.count(TestOutcome.KILLED)
    tried = killed + outcomes.count(TestOutcome.SURVIVED)
    return f"noticed {killed} of {tried} changes tried, of {len(outcomes)}"


def _place(item):
    change = item.mutations[0]
    return change.start_pos, change.operator_name, change.occurrence


if __name__ == "__main__":
    action, path, *count = sys.argv[1:]
    with use_db(path, WorkDB.Mode.open) as work:
        if action == "sample":
            sample(work, int(*count))
        else:
            print(score(work))
