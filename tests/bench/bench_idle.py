#!/usr/bin/env python3
"""What homeward costs when it does nothing or little: start, memory at rest, wake-ups, 1,000 idle plain clients, and its
memory while 100 MiB pass through.

Usage: bench_idle.py HOMEWARD LOAD [--rounds N] [--rest SECONDS] [--json FILE] [--directory DIR]
"""
import contextlib
import resource
import socket
import statistics
import time

from figures import Row, arguments, progress, run
from hw import free_port
from sides import OCTETS, Load, Upstream, start
from smtp_client import Client

CLIENTS = 1000
LARGE = 100 << 20
POOL_IDLE = 30  # seconds; the key pool_idle as it is unless given
KILO, MEGA = 10**3, 10**6


def start_time(bench, config, port):
    """Seconds from the exec until it listens, and until it greets."""
    begun = time.monotonic()
    running = bench.serve(config, port, ready=False)
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), 1)
            break
        except OSError:
            time.sleep(0.0005)
    listening = time.monotonic() - begun
    with connection:
        connection.recv(1)
    greeting = time.monotonic() - begun
    running.stop()
    return listening, greeting


def start_rows(bench, options):
    port = free_port()
    config = bench.file("start.ini", bench.config(bench.account("smtps://localhost:9", delivery="auto"), port=port,
                                                  homeward={"log_level": "info"}))
    times = [start_time(bench, config, port) for _ in range(2 * options.rounds)]
    listening, greeting = (statistics.median(column) * 1000 for column in zip(*times))
    yield Row("start to listening", 200, 50, listening, "ms", beside={"to the greeting, ms": greeting})


def rest_rows(bench, options, load, upstream):
    """Nothing connects to it; one has done some work before, and its connections upstream have had the time to end."""
    untouched = start(bench, "rest", upstream.ports["submissions"], "auto")
    used = start(bench, "used", upstream.ports["submissions"], "auto")
    load.send(used.running.port, 10, 10)
    time.sleep(POOL_IDLE + 5)
    yield Row("RSS idle", 16, 10, untouched.rss() / MEGA, "MB",
              beside={"PSS, MB": untouched.pss() / MEGA, "RSS after 100 messages, MB": used.rss() / MEGA})
    before = {process: process.wake_ups() for process in (untouched, used)}
    time.sleep(options.rest)
    minute = {process: (process.wake_ups() - count) * 60 / options.rest for process, count in before.items()}
    yield Row("wake-ups a minute idle", 6, 0, max(minute.values()), "",
              beside={"never used": minute[untouched], "after 100 messages": minute[used], "watched, s": options.rest})


def client_rows(bench, load, upstream):
    """What each of many clients costs that has said EHLO; and that has sent a message, too."""
    process = start(bench, "clients", upstream.ports["submissions"], "direct", pool_size=50,
                    homeward={"log_level": "info", "max_connections": CLIENTS + 100,
                              "max_connections_per_client": CLIENTS + 100})
    port = process.running.port
    load.send(port, 50, 4)  # the heap has grown as it does by work
    before = process.pss()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(port)) for _ in range(CLIENTS)]
        for client in clients:
            client.expect("EHLO client.test", 250)
        time.sleep(1)
        greeted = process.pss()
        for number, client in enumerate(clients):
            client.expect("MAIL FROM:<ann@provider.test>", 250)
            client.expect(f"RCPT TO:<{number}@provider.test>", 250)
            text = f"From: <ann@provider.test>\r\nMessage-ID: <{number}@bench.test>\r\n\r\n".encode()
            client.content(text + b"so it is\r\n" * (OCTETS // 10))
        time.sleep(1)
        served = process.pss()
    for state, after in (("after EHLO", greeted), ("after a message of its own", served)):
        yield Row(f"PSS per idle plain client, of {CLIENTS:,}, {state}", 8, 4, (after - before) / CLIENTS / KILO, "kB",
                  beside={"without them, MB": before / MEGA, "with, MB": after / MEGA})


def large_rows(bench, load, upstream, delivery):
    process = start(bench, f"large-{delivery}", upstream.ports["submissions"], delivery,
                    homeward={"max_message_size": "200M"}, listener={"patience": "60s"})
    load.send(process.running.port, 1, 1)
    time.sleep(1)
    before = process.rss()
    process.forget_peak()
    load.send(process.running.port, 1, 1, LARGE)
    peak = process.peak_rss()
    yield Row(f"RSS while relaying 100 MiB, {delivery}", 16, 10, peak / MEGA, "MB", beside={"idle, MB": before / MEGA})
    yield Row(f"its growth over idle, {delivery}", 2, 0.5, (peak - before) / MEGA, "MB")


def measure(bench, options):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    load, upstream = Load(options.load, bench), bench.keep(Upstream(bench, options.load))
    rows = [*start_rows(bench, options)]
    progress("idle: at rest")
    rows += rest_rows(bench, options, load, upstream)
    progress("idle: many clients")
    rows += client_rows(bench, load, upstream)
    progress("idle: 100 MiB")
    for delivery in ("direct", "auto"):
        rows += large_rows(bench, load, upstream, delivery)
    return rows, {}


def add_options(parser):
    parser.add_argument("--rest", type=float, default=60, help="seconds in which wake-ups are counted")
    return parser


if __name__ == "__main__":
    run(add_options(arguments(__doc__, 5)).parse_args(), measure)
