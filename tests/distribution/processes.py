"""Starts the processes of a run, on this machine."""

import json
import os
import random
import socket
import subprocess
import sys

from tests.command_line import ROOT, SHELL

TIMEOUT = 240  # seconds


def free_address():
    """Below the ports that systems give away by themselves."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return f"127.0.0.1:{port}"


def start(commands):
    """Starts commands on JAX; a list of `subprocess.Popen`."""
    environment = {**SHELL, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    environment["OMP_NUM_THREADS"] = "1"
    return [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]


def workers(count, cases, numbers=None, **options):
    """The commands of worker.py for all processes, or for some."""
    told = {"coordinator": free_address(), "processes": count, "cases": cases}
    return [
        [
            sys.executable,
            *("-m", "tests.distribution.worker"),
            json.dumps(
                {**told, **options, "process": number}, default=os.fspath
            ),
        ]
        for number in numbers or range(count)
    ]


def finish(processes):
    """Waits for all; `subprocess.CompletedProcess` each."""
    results = []
    for process in processes:
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            for other in processes:
                other.kill()
            raise
        results.append(
            subprocess.CompletedProcess("", process.returncode, out, err)
        )
    return results


def run(commands):
    """Runs commands side by side to their end, which must be good."""
    results = finish(start(commands))
    for result in results:
        assert result.returncode == 0, result.stderr[-3000:]
    return results
