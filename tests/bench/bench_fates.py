#!/usr/bin/env python3
"""Whether each message has one fate, at full speed and with an upstream that refuses a share of them for now and for
good and answers some late: a 250 means once upstream and unaltered, a refusal means never.

Usage: bench_fates.py HOMEWARD LOAD [--rounds N] [--json FILE] [--directory DIR]
"""
from figures import Row, arguments, progress, run
from sides import Fates, Load, Upstream, start

CLIENTS, EACH = 50, 20
FAULTS = {"temporary": 0.05, "slow": "0.01:500"}
PERMANENT = {**FAULTS, "permanent": 0.02}


def play(load, upstream, process, fates, pipelining):
    sent = load.send(process.running.port, CLIENTS, EACH, may_refuse=True, pipelining=pipelining)
    process.running.wait_empty(120)
    tally = upstream.take()
    fates.note(sent, tally)
    return {"refused to clients": len(sent["refused"]), "refused upstream": tally["refused"]}


def measure(bench, options):
    """What is spooled meets no refusal for good: that ends in a report, which other tests look at."""
    load, fates, counts = Load(options.load, bench), Fates(), {}
    upstreams = {faults: bench.keep(Upstream(bench, options.load, **shares))
                 for faults, shares in (("permanent", PERMANENT), ("temporary", FAULTS))}
    for delivery, faults in (("direct", "permanent"), ("auto", "permanent"), ("spool", "temporary")):
        upstream = upstreams[faults]
        process = start(bench, delivery, upstream.ports["submissions"], delivery, pool_size=20, retry="1s", retry_max="2s")
        for number in range(options.rounds):
            for name, count in play(load, upstream, process, fates, pipelining=number % 2 == 1).items():
                counts[f"{delivery}, {name}"] = counts.get(f"{delivery}, {name}", 0) + count
        process.running.stop()
        progress(f"fates: {delivery}: {len(fates.wrong)} wrong of {fates.messages}")
    return [Row("lost, doubled or altered, with 5 % refused for now, 2 % for good, 1 % answered late", 0, 0,
                len(fates.wrong), "", beside={"messages": fates.messages, **counts})], {"fates_wrong": fates.wrong[:100]}


if __name__ == "__main__":
    run(arguments(__doc__, 2).parse_args(), measure)
