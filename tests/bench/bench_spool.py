#!/usr/bin/env python3
"""The spooled rows of speed.md, each against its yardstick, side by side in every round; medians of the ratios.

  accept, one connection   a whole transaction (MAIL, RCPT, DATA, content to the final 250, each reply awaited) against one
                           new file of as many octets, written and synced, in the same folder. The folder is not synced
                           for the yardstick; the time with it is printed too.
  accept rate, 50 clients  messages accepted a second against Postfix with its queue on the same disk. Neither delivers
                           meanwhile: homeward's account is paused, Postfix puts all on hold.

Usage: bench_spool.py HOMEWARD LOAD [--rounds N] [--json FILE] [--directory DIR]
"""
import os

from figures import Row, arguments, median, progress, run
from hw import Skip
from peers import HoldingPostfix
from sides import Load
from station import Station

ONE = 200           # messages of a round, one connection
CLIENTS, EACH = 50, 20


def start_homeward(bench):
    """With a spool, and an account that is paused: its server does not even exist."""
    station = Station(bench, "bench", bench.account("smtps://localhost:9", delivery="spool"),
                      homeward={"log_level": "info"}).start()
    station.ask("POST", "/v1/accounts/home/pause")
    return station


def start_postfix(bench):
    try:
        return bench.keep(HoldingPostfix(bench))
    except Skip as reason:
        progress(f"without Postfix: {reason}")
        return None


def play(load, station, yardstick, number):
    """One round; the order turns, so that no side always goes first."""
    directory = os.path.join(station.bench.directory, "sync")
    os.makedirs(directory, exist_ok=True)
    parts = {"sync": lambda: load.sync(directory, ONE), "one": lambda: load.send(station.port, 1, ONE),
             "many": lambda: load.send(station.port, CLIENTS, EACH)}
    if yardstick:
        parts["postfix_one"] = lambda: load.send(yardstick.plain, 1, ONE)
        parts["postfix_many"] = lambda: load.send(yardstick.plain, CLIENTS, EACH)
    names = list(parts)
    names = names[number % len(names):] + names[:number % len(names)]
    return {name: {field: value for field, value in parts[name]().items() if field != "ids"} for name in names}


def rows(rounds):
    def of(name, field):
        return median(rounds, lambda one: one[name][field])
    yield Row("spooled accept, p50, one connection, against one fsynced 4 KiB file", 2, 1.3,
              median(rounds, lambda one: one["one"]["p50_us"] / one["sync"]["file_p50_us"]),
              beside={"homeward, µs": of("one", "p50_us"), "from the dot, µs": of("one", "dot_p50_us"),
                      "file, µs": of("sync", "file_p50_us"), "file and folder, µs": of("sync", "file_and_folder_p50_us")})
    if "postfix_many" in rounds[0]:
        yield Row("accept rate spooled, 50 clients, against Postfix on the same disk", 4, 8,
                  median(rounds, lambda one: one["many"]["per_second"] / one["postfix_many"]["per_second"]), better="more",
                  beside={"homeward, /s": of("many", "per_second"), "Postfix, /s": of("postfix_many", "per_second"),
                          "Postfix one, µs": of("postfix_one", "p50_us")})


def measure(bench, options):
    station, yardstick, load = start_homeward(bench), start_postfix(bench), Load(options.load, bench)
    play(load, station, yardstick, 0)  # warms both up
    rounds = []
    for number in range(options.rounds):
        rounds.append(play(load, station, yardstick, number))
        progress(f"spool: round {number + 1} of {options.rounds}")
    return list(rows(rounds)), {"spool": rounds}


if __name__ == "__main__":
    run(arguments(__doc__, 7).parse_args(), measure)
