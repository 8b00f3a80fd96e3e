#!/usr/bin/env python3
"""10,000 messages that wait: how long homeward takes to start on them, how long `homeward queue list` takes to tell of all
of them, and what memory the daemon needs; after a proper stop and after kill -9. Medians of the rounds.

Usage: bench_queue.py HOMEWARD LOAD [--messages N] [--rounds N] [--json FILE] [--directory DIR]
"""
import signal
import statistics
import time

from figures import Row, arguments, run
from hw import expect
from sides import Load
from smtp_client import Client
from station import Station

CLIENTS = 50


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


def rows(results, messages):
    for stop, rounds in results.items():
        medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
        after = f"{messages:,} messages wait, after {stop}"
        yield Row(f"{after}: start to the greeting", 1, 1, medians["start"], "s")
        yield Row(f"{after}: listing them", 1, 1, medians["listing"], "s")
        yield Row(f"{after}: memory at most", 64, 64, medians["most_memory"] / 2**20, "MiB",
                  beside={"after the listing": medians["memory"] / 2**20})


def measure(bench, options):
    station = Station(bench, "bench", bench.account("smtps://localhost:9", delivery="spool"),
                      homeward={"log_level": "info"}).start()
    station.ask("POST", "/v1/accounts/home/pause")
    messages = options.messages // CLIENTS * CLIENTS
    Load(options.load, bench).send(station.port, CLIENTS, messages // CLIENTS)
    results = {stop.name: [one_round(station, stop, messages) for _ in range(options.rounds)]
               for stop in (signal.SIGTERM, signal.SIGKILL)}
    return list(rows(results, messages)), {"messages": messages, "rounds": results}


def add_options(parser):
    parser.add_argument("--messages", type=int, default=10_000)
    return parser


if __name__ == "__main__":
    run(add_options(arguments(__doc__, 5)).parse_args(), measure)
