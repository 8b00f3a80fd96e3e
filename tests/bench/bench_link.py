#!/usr/bin/env python3
"""How long after the return of a link (as after sleep) the first message that waited is out, with a round trip of 100 ms:
homeward and its upstream in a network namespace each. Needs root.

Usage: bench_link.py HOMEWARD LOAD [--rounds N] [--away SECONDS] [--json FILE] [--directory DIR]
"""
import statistics
import time

from figures import Row, arguments, progress, run
from cable import THEIRS, Cable, inside, need_namespaces
from hw import Skip, content, expect, expect_reply
from sides import Upstream, start
from smtp_client import send

RTT = 100


def lose_link(bench, options, number):
    """Seconds from the return to the first delivery."""
    cable = bench.keep(Cable(f"bench{number}"))
    upstream = bench.keep(inside(cable.theirs, lambda: Upstream(bench, options.load, certificate="far", address=THEIRS,
                                                                rtt=RTT)))
    process = inside(cable.ours, lambda: start(bench, f"link{number}", upstream.ports["far_submissions"], "auto",
                                               host=THEIRS, listener={"patience": "1s"}, retry="30m", retry_max="1h"))
    cable.plug("down")
    answer = inside(cable.ours, lambda: send(process.running.port, "ann@provider.test", ["bob@provider.test"],
                                             content("waits"), timeout=60))
    expect_reply(answer, 250)
    time.sleep(options.away)
    expect(upstream.take()["messages"], 0, "messages upstream while the link is away")
    back = time.monotonic()
    cable.plug("up")
    upstream.wait_messages(1)
    return upstream.take()["last"] - back


def measure(bench, options):
    try:
        need_namespaces()
    except Skip as reason:
        progress(f"without the link: {reason}")
        return [], {}
    times = []
    for number in range(options.rounds):
        times.append(lose_link(bench, options, number))
        progress(f"link: round {number + 1} of {options.rounds}: {times[-1]:.2f} s")
    return [Row(f"link up to first waiting message out, {RTT} ms round trip", 5, 3, statistics.median(times), "s",
                beside={"longest, s": max(times), "away, s": options.away})], {"link": times}


def add_options(parser):
    parser.add_argument("--away", type=float, default=20, help="seconds without the link")
    return parser


if __name__ == "__main__":
    run(add_options(arguments(__doc__, 3)).parse_args(), measure)
