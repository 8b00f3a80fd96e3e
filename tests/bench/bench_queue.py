#!/usr/bin/env python3
"""10,000 messages that wait: how long homeward takes to start on them, how long `homeward queue list` takes to tell of all of
them, and what memory the daemon needs; after a proper stop and after kill -9. Medians of the rounds.

Usage: bench_queue.py HOMEWARD LOAD [--messages N] [--rounds N] [--json FILE] [--directory DIR]
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from hw import Bench, expect  # noqa: E402
from machine import machine  # noqa: E402
from smtp_client import Client  # noqa: E402
from station import Station  # noqa: E402

LIMITS = {"start": 1.0, "listing": 1.0, "memory": 64 << 20}


def one_round(station, stop, messages):
    """Stops it that way, starts it again, and asks it."""
    station.running.signal(stop)
    station.running.wait_exit()
    begun = time.monotonic()
    station.running = station.bench.serve(station.config, station.port, ready=False)
    station.running.wait_ready()
    with Client(station.port):  # the greeting comes when the spool is open
        start = time.monotonic() - begun
    begun = time.monotonic()
    listed = station.running.queue()
    listing = time.monotonic() - begun
    expect(len(listed), messages, "messages in the listing")
    return {"start": start, "listing": listing, "memory": station.running.memory("VmRSS"),
            "most_memory": station.running.memory("VmHWM")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("homeward")
    parser.add_argument("load")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="writes all figures to this file")
    parser.add_argument("--directory", help="where the spool lies (default: the folder for temporary files)")
    options = parser.parse_args()
    tempfile.tempdir = options.directory
    shared = {"directory": tempfile.mkdtemp(prefix="homeward-bench-")}
    bench = Bench(os.path.realpath(options.homeward), shared)
    try:
        station = Station(bench, "bench", bench.account("smtps://localhost:9", delivery="spool"),
                          homeward={"log_level": "info"}).start()
        station.ask("POST", "/v1/accounts/home/pause")
        subprocess.run([options.load, "send", str(station.port), "50", str(options.messages // 50), "4096"], check=True,
                       stdout=subprocess.DEVNULL)
        messages = options.messages // 50 * 50
        results = {stop.name: [one_round(station, stop, messages) for _ in range(options.rounds)]
                   for stop in (signal.SIGTERM, signal.SIGKILL)}
    finally:
        bench.end()
        bench.clean()
        shutil.rmtree(shared["directory"], ignore_errors=True)
    result = {"bench": "queue", **machine(shared["directory"]), "messages": messages, "rounds": results}
    print(f"{result['machine']}, {result['date']}, {messages} messages wait, medians of {options.rounds} rounds")
    missed = False
    for stop, rounds in results.items():
        medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
        missed = missed or any(medians[name] > limit for name, limit in LIMITS.items())
        print(f"  after {stop}: start {medians['start'] * 1000:.0f} ms (must 1000), listing {medians['listing'] * 1000:.0f} ms "
              f"(must 1000), memory {medians['memory'] / 2**20:.1f} MiB, {medians['most_memory'] / 2**20:.1f} at most (must 64)")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if missed else 0)


main()
