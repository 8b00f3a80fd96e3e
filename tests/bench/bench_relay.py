#!/usr/bin/env python3
"""homeward between a client and a submission server, against the same client without it. Straight and homeward in turn in
each round, their order turning; medians of the rounds.

  straight  STARTTLS, AUTH PLAIN, then pipelined as a good client does: MAIL, RCPT and DATA in one flight, then the content
  homeward  plain SMTP, each reply awaited, as a legacy client does
  S1        one connection at a time, one message each
  S2, R2    50 connections with 20 messages each, from the first connect to the last 250 (spooled: to the last delivery);
            the account's pool_size is 50, as straight has 50 connections too. R2: 20 ms round trip
  peer      with --peer postfix: Postfix in homeward's place

Usage: bench_relay.py HOMEWARD LOAD [--rounds N] [--peer postfix] [--json FILE] [--directory DIR]
"""
import functools
import time

from figures import Row, arguments, median, progress, run
from hw import Skip
from peers import RelayingPostfix
from sides import Fates, Load, Upstream, start

ONE, FAR = 200, 20         # messages of a round: S1; S1 at 20 ms
CLIENTS, EACH = 50, 20     # S2, R2
LARGE, MEBI = 4, 10        # connections with one message each of so many MiB
RTT = 20
WARM = "5m"                # longer than a round: each finds the connections that the last one left
SPREAD = CLIENTS * EACH
# Parts that take a fraction of a second: where the scheduler happens to put whom then decides. Played so often in a round,
# in turn; the one of the middle rate counts.
SHORT = ("straight_many", "direct_many", "straight_large", "direct_large")
REPEAT = 5


class Relay:
    """All sides, started; `parts` by name, each a function that gives its figures."""

    def __init__(self, bench, options):
        self.upstream = bench.keep(Upstream(bench, options.load, rtt=RTT))
        self.load, self.fates = Load(options.load, bench), Fates()
        near, far = self.upstream.ports["submissions"], self.upstream.ports["far_submissions"]
        begin = functools.partial(start, bench, pool_size=CLIENTS, pool_idle=WARM)
        self.direct, self.far = begin("direct", near, "direct"), begin("far", far, "direct")
        self.spool = begin("spool", near, "spool")
        self.peer = self._start_peer(bench, options)
        self.parts = self._parts()

    def _start_peer(self, bench, options):
        if options.peer != "postfix":
            return None
        try:
            return bench.keep(RelayingPostfix(bench, self.upstream.ports["submission"]))
        except Skip as reason:
            progress(f"without Postfix: {reason}")
            return None

    def _parts(self):
        load, ports = self.load, self.upstream.ports
        one, many, large = (1, ONE), (CLIENTS, EACH), (LARGE, 1, MEBI << 20)
        direct, far, spool = (process.running.port for process in (self.direct, self.far, self.spool))
        plain = functools.partial(load.send, from_connect=True)
        parts = {
            "plain_one": lambda: self._play(plain, ports["plain"], *one, each=True),
            "straight_one": lambda: self._play(load.straight, ports["submission"], *one, each=True),
            "direct_one": lambda: self._play(plain, direct, *one, each=True, process=self.direct),
            "straight_far": lambda: self._play(load.straight, ports["far_submission"], 1, FAR, each=True),
            "direct_far": lambda: self._play(plain, far, 1, FAR, each=True, process=self.far),
            "straight_many": lambda: self._play(load.straight, ports["submission"], *many),
            "direct_many": lambda: self._play(plain, direct, *many, process=self.direct),
            "spool_many": lambda: self._play(plain, spool, *many, process=self.spool, waits=True),
            "straight_many_far": lambda: self._play(load.straight, ports["far_submission"], *many),
            "awaiting_many_far": lambda: self._play(functools.partial(load.straight, pipelining=False),
                                                    ports["far_submission"], *many),
            "direct_many_far": lambda: self._play(plain, far, *many, process=self.far),
            "straight_large": lambda: self._play(load.straight, ports["submission"], *large),
            "direct_large": lambda: self._play(plain, direct, *large, process=self.direct),
        }
        if self.peer:
            parts["peer_many"] = lambda: self._play(plain, self.peer.plain, *many, waits=True)
        return parts

    def _play(self, send, port, *what, process=None, waits=False, **flags):
        """`waits`: what was accepted is delivered later; then the rate is that of the deliveries."""
        before = process.cpu_seconds() if process else 0
        sent = send(port, *what, **flags)
        if waits:
            self.upstream.wait_messages(len(sent["ids"]))
            time.sleep(0.3)  # what is done behind a delivery costs CPU, too
        cpu = process.cpu_seconds() - before if process else None
        tally = self.upstream.take()
        if waits:
            sent["accepted_per_second"] = sent["per_second"]
            sent["per_second"] = len(sent["ids"]) / (tally["last"] - sent["began"])
        self.fates.note(sent, tally)
        del sent["ids"], tally["copies"]
        return {**sent, "homeward_cpu_seconds": cpu, "upstream": tally}

    def round(self, number):
        """The order turns, so that no side always goes first."""
        names = list(self.parts)
        at = number % len(names)
        names = names[at:] + names[:at]
        plays = {name: [] for name in names}
        for turn in range(REPEAT):
            for name in names:
                if turn == 0 or name in SHORT:
                    plays[name].append(self.parts[name]())
        return {name: sorted(many, key=lambda one: one["per_second"])[len(many) // 2] for name, many in plays.items()}


def ratio(rounds, name, base, field="per_second"):
    return median(rounds, lambda one: one[name][field] / one[base][field])


def middle(rounds, name, field):
    return median(rounds, lambda one: one[name][field])


def round_trips(rounds, name):
    """At most, from MAIL to the final reply, as the upstream counted them."""
    return max(int(count) for one in rounds for count in one[name]["upstream"]["flights"])


def latency_rows(rounds):
    for part, must, aim in (("p50", 0.7, 0.4), ("p99", 5, 2)):
        field = f"connect_{part}_us"
        yield Row(f"warm, direct, 0 ms upstream: connect to 250 less a plain client's own, {part}", must, aim,
                  median(rounds, lambda one: (one["direct_one"][field] - one["plain_one"][field]) / 1000), "ms",
                  beside={"homeward, ms": middle(rounds, "direct_one", field) / 1000,
                          "plain, ms": middle(rounds, "plain_one", field) / 1000,
                          "straight, ms": middle(rounds, "straight_one", field) / 1000})
    yield Row(f"the same at {RTT} ms, p50, against straight 587", 0.35, 0.23,
              ratio(rounds, "direct_far", "straight_far", "connect_p50_us"),
              beside={"homeward, ms": middle(rounds, "direct_far", "connect_p50_us") / 1000,
                      "straight, ms": middle(rounds, "straight_far", "connect_p50_us") / 1000,
                      "round trips from MAIL on, at most": round_trips(rounds, "direct_far")})


def rate_row(rounds, what, must, aim, name, base):
    return Row(what, must, aim, ratio(rounds, name, base), better="more",
               beside={"homeward, /s": middle(rounds, name, "per_second"),
                       "straight, /s": middle(rounds, base, "per_second")})


def rate_rows(rounds):
    yield rate_row(rounds, "S1: one connection at a time, one message each; rate against straight", 2, 5,
                   "direct_one", "straight_one")
    yield rate_row(rounds, "S2: 50 connections × 20 messages, against straight", 0.5, 0.75,
                   "direct_many", "straight_many")
    row = rate_row(rounds, f"R2: S2 at {RTT} ms, against straight", 1, 1.4, "direct_many_far", "straight_many_far")
    row.beside["against straight that awaits each reply, ×"] = ratio(rounds, "direct_many_far", "awaiting_many_far")
    yield row
    row = rate_row(rounds, "spooled S2, delivered, against straight", 0.25, 0.4, "spool_many", "straight_many")
    row.beside["accepted, /s"] = middle(rounds, "spool_many", "accepted_per_second")
    if "peer_many" in rounds[0]:
        row.beside["Postfix, /s"] = middle(rounds, "peer_many", "per_second")
        row.beside["Postfix, ×"] = ratio(rounds, "peer_many", "straight_many")
    yield row


def cost_rows(rounds):
    for what, must, aim, name in (("direct", 0.25, 0.15, "direct_many"), ("spooled", 0.5, 0.3, "spool_many")):
        yield Row(f"CPU s per 1,000 messages, S2, {what}", must, aim,
                  middle(rounds, name, "homeward_cpu_seconds") * 1000 / SPREAD, "s",
                  beside={"the load's own": middle(rounds, name, "cpu_seconds") * 1000 / SPREAD})
    octets = LARGE * MEBI << 20
    yield Row("4 × 10 MiB, MB/s against straight", 0.5, 0.7, ratio(rounds, "direct_large", "straight_large"), better="more",
              beside={f"{side}, MB/s": middle(rounds, f"{name}_large", "per_second") * (MEBI << 20) / 1e6
                      for side, name in (("homeward", "direct"), ("straight", "straight"))})
    yield Row("4 × 10 MiB, CPU ms per MB", 3, 2,
              middle(rounds, "direct_large", "homeward_cpu_seconds") * 1000 / (octets / 1e6), "ms")


def handshake_row(rounds):
    tallies = [one["direct_one"]["upstream"] for one in rounds]
    messages = sum(tally["messages"] for tally in tallies)
    return Row("full TLS handshakes upstream per 1,000 messages, S1", 10, 2,
               1000 * sum(tally["full_handshakes"] for tally in tallies) / messages, "",
               beside={"resumed": 1000 * sum(tally["resumed_handshakes"] for tally in tallies) / messages,
                       "logins": 1000 * sum(tally["logins"] for tally in tallies) / messages})


def measure(bench, options):
    relay = Relay(bench, options)
    relay.round(0)  # warms all up
    rounds = []
    for number in range(options.rounds):
        rounds.append(relay.round(number))
        progress(f"relay: round {number + 1} of {options.rounds}")
    rows = [*latency_rows(rounds), *rate_rows(rounds), *cost_rows(rounds), handshake_row(rounds),
            Row("lost, doubled or altered, in these runs", 0, 0, len(relay.fates.wrong), "",
                beside={"messages": relay.fates.messages})]
    return rows, {"relay": rounds, "relay_wrong": relay.fates.wrong[:100]}


def add_options(parser):
    parser.add_argument("--peer", choices=["postfix"], help="measures it in homeward's place, too")
    return parser


if __name__ == "__main__":
    run(add_options(arguments(__doc__, 5)).parse_args(), measure)
