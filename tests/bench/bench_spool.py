#!/usr/bin/env python3
"""The spooled rows of speed.md, each against its yardstick, side by side in every round; medians of the ratios.

  accept, one connection   a whole transaction (MAIL, RCPT, DATA, content to the final 250, each reply awaited) against one
                           new file of as many octets, written and synced, in the same folder. The folder is not synced
                           for the yardstick; the time with it is printed too.
  accept rate, 50 clients  messages accepted a second against Postfix with its queue on the same disk. Neither delivers
                           meanwhile: homeward's account is paused, Postfix puts all on hold.

Usage: bench_spool.py HOMEWARD LOAD [--rounds N] [--json FILE] [--directory DIR]
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import postfix  # noqa: E402
from hw import Bench, Skip  # noqa: E402
from machine import machine  # noqa: E402
from station import Station  # noqa: E402

OCTETS = 4096
ONE = 200           # messages of a round, one connection
CLIENTS, EACH = 50, 20
USERS = {"ann": "secret"}
_HOLDING = """
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_client_access static:HOLD, permit
smtpd_tls_security_level = none
smtpd_delay_reject = no
in_flow_delay = 0
"""


class HoldingPostfix(postfix.Postfix):
    """Takes what comes on its plain port and delivers nothing."""

    def _write_configuration(self, certificate, users):
        super()._write_configuration(certificate, users)
        main = os.path.join(self._config, "main.cf")
        with open(main, encoding="utf-8") as file:
            names = [line.split("=")[0].strip() for line in _HOLDING.strip().splitlines()]
            kept = [line for line in file if line.split("=")[0].strip() not in names]
        with open(main, "w", encoding="utf-8") as file:
            file.write("".join(kept) + _HOLDING)


class Load:
    def __init__(self, program):
        self._program = program

    def _run(self, *arguments):
        done = subprocess.run([self._program, *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"bench_load {arguments}: {done.stderr}")
        return json.loads(done.stdout)

    def send(self, port, clients, messages):
        return self._run("send", port, clients, messages, OCTETS)

    def sync(self, directory):
        return self._run("sync", directory, ONE, OCTETS)


def start_homeward(bench):
    """With a spool, and an account that is paused: its server does not even exist."""
    station = Station(bench, "bench", bench.account("smtps://localhost:9", delivery="spool"),
                      homeward={"log_level": "info"}).start()
    station.ask("POST", "/v1/accounts/home/pause")
    return station


def start_postfix(bench):
    try:
        return bench.keep(HoldingPostfix(bench.certificates["good"], USERS))
    except Skip as reason:
        print(f"without Postfix: {reason}", file=sys.stderr)
        return None


def play(load, station, yardstick, number):
    """One round; the order turns, so that no side always goes first."""
    directory = os.path.join(station.bench.directory, "sync")
    os.makedirs(directory, exist_ok=True)
    parts = {"sync": lambda: load.sync(directory), "one": lambda: load.send(station.port, 1, ONE),
             "many": lambda: load.send(station.port, CLIENTS, EACH)}
    if yardstick:
        parts["postfix_one"] = lambda: load.send(yardstick.plain, 1, ONE)
        parts["postfix_many"] = lambda: load.send(yardstick.plain, CLIENTS, EACH)
    names = list(parts)
    names = names[number % len(names):] + names[:number % len(names)]
    return {name: parts[name]() for name in names}


def median(rounds, value):
    return statistics.median(value(one) for one in rounds)


def rows(rounds):
    """What, must, aim, the median of the ratios, and the figures beside it."""
    yield {"what": "spooled accept, p50, one connection, against one fsynced 4 KiB file", "must": 2, "aim": 1.3,
           "better": "less", "ratio": median(rounds, lambda r: r["one"]["p50_us"] / r["sync"]["file_p50_us"]),
           "homeward_us": median(rounds, lambda r: r["one"]["p50_us"]),
           "homeward_from_dot_us": median(rounds, lambda r: r["one"]["dot_p50_us"]),
           "file_us": median(rounds, lambda r: r["sync"]["file_p50_us"]),
           "file_and_folder_us": median(rounds, lambda r: r["sync"]["file_and_folder_p50_us"])}
    if "postfix_many" in rounds[0]:
        yield {"what": "accept rate spooled, 50 clients, against Postfix on the same disk", "must": 4, "aim": 8,
               "better": "more",
               "ratio": median(rounds, lambda r: r["many"]["per_second"] / r["postfix_many"]["per_second"]),
               "homeward_per_second": median(rounds, lambda r: r["many"]["per_second"]),
               "postfix_per_second": median(rounds, lambda r: r["postfix_many"]["per_second"]),
               "postfix_one_us": median(rounds, lambda r: r["postfix_one"]["p50_us"])}


def verdict(row):
    def meets(limit):
        return row["ratio"] <= limit if row["better"] == "less" else row["ratio"] >= limit
    return "aim met" if meets(row["aim"]) else "must met" if meets(row["must"]) else "MISSED"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("homeward")
    parser.add_argument("load")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", help="writes all figures to this file")
    parser.add_argument("--directory", help="where spool and queue lie (default: the folder for temporary files)")
    options = parser.parse_args()
    tempfile.tempdir = options.directory
    shared = {"directory": tempfile.mkdtemp(prefix="homeward-bench-")}
    bench = Bench(os.path.realpath(options.homeward), shared)
    try:
        station, yardstick, load = start_homeward(bench), start_postfix(bench), Load(options.load)
        play(load, station, yardstick, 0)  # warms both up
        rounds = [play(load, station, yardstick, number) for number in range(options.rounds)]
    finally:
        bench.end()
        bench.clean()
        shutil.rmtree(shared["directory"], ignore_errors=True)
    result = {"bench": "spool", **machine(shared["directory"]), "rounds": rounds,
              "rows": [{**row, "verdict": verdict(row)} for row in rows(rounds)]}
    print(f"{result['machine']}, {result['date']}, medians of {len(rounds)} rounds, {OCTETS} octets a message\n")
    for row in result["rows"]:
        print(f"{row['what']}\n  {row['ratio']:.2f} × (must {row['must']} ×, aim {row['aim']} ×): {row['verdict']}")
        print("  " + ", ".join(f"{name.replace('_', ' ')} {value:.0f}" for name, value in row.items()
                               if isinstance(value, float) and name.endswith(("us", "second"))) + "\n")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if all(row["verdict"] != "MISSED" for row in result["rows"]) else 1)


main()
