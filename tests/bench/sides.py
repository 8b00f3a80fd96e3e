"""The programs of a bench: the load, the upstream that counts, and homeward's process as the kernel sees it."""
import json
import os
import re
import subprocess
import time

import figures  # noqa: F401 (finds hw)
from hw import SECRET, USER, free_port

OCTETS = 4096


class Load:
    """bench_load. Each call has ids of its own; what became of them is known to Fates."""

    def __init__(self, program, bench):
        self._program, self._ca = program, bench.certificates.ca
        self._calls = 0

    def send(self, port, clients, messages, octets=OCTETS, tls=None, **flags):
        """What it printed, and `ids`: all that it sent."""
        self._calls += 1
        run = f"r{self._calls}"
        options = ["--run", run, *("--" + name.replace("_", "-") for name, on in flags.items() if on)]
        if tls:
            options += ["--tls", tls, "--ca", self._ca, "--user", USER, "--password", SECRET]
        result = self._run("send", port, clients, messages, octets, *options)
        result["ids"] = [f"{run}.{client}.{number}" for client in range(clients) for number in range(messages)]
        return result

    def straight(self, port, clients, messages, octets=OCTETS, pipelining=True, **flags):
        """As a good client does it that talks to the provider itself: STARTTLS, a login, pipelining."""
        return self.send(port, clients, messages, octets, tls="starttls", pipelining=pipelining, from_connect=True,
                         **flags)

    def sync(self, directory, files, octets=OCTETS):
        return self._run("sync", directory, files, octets)

    def _run(self, *arguments):
        done = subprocess.run([self._program, *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"bench_load {arguments}: {done.stderr}")
        return json.loads(done.stdout)


class Upstream:
    """bench_upstream: `ports` by name. `bench.keep` it."""

    def __init__(self, bench, load, certificate="good", **options):
        chain = bench.certificates[certificate]
        program = os.path.join(os.path.dirname(load), "bench_upstream")
        arguments = ["--certificate", chain.chain, "--key", chain.key, "--user", USER, "--password", SECRET]
        for name, value in options.items():
            arguments += ["--" + name.replace("_", "-"), *([] if value is True else [str(value)])]
        self._process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self._process.stdout.readline())

    def take(self):
        """The tally since the last time."""
        return self._ask("take")

    def wait_messages(self, count, timeout=120):
        """Until it has accepted so many."""
        end = time.monotonic() + timeout
        while int(self._ask("count")) < count:
            if time.monotonic() > end:
                raise RuntimeError(f"{self._ask('count')} of {count} messages arrived within {timeout} s")
            time.sleep(0.01)

    def _ask(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def stop(self):
        self._process.stdin.close()
        self._process.wait(10)


class Fates:
    """What became of each message, over all runs: who got a 250 must be upstream once, unaltered; a refused one never."""

    def __init__(self):
        self.messages = 0
        self.wrong = []

    def note(self, sent, tally):
        self.messages += len(sent["ids"])
        refused, copies = set(sent["refused"]), tally["copies"]
        for name in sent["ids"]:
            count = copies.pop(name, 0)
            if name in refused and count:
                self.wrong.append(f"{name}: refused, and {count} times upstream")
            elif name not in refused and count != 1:
                self.wrong.append(f"{name}: {count} times upstream")
        self.wrong += [f"{name}: unasked" for name in copies]
        self.wrong += [f"an {kind} message" for kind in ("altered", "unmarked") for _ in range(tally[kind])]


class Process:
    """homeward's process, from outside."""

    def __init__(self, running):
        self.running, self.pid = running, running.pid

    def cpu_seconds(self):
        """Of all its threads, also those that ended. The clock that clock_getcpuclockid(3) names; /proc/PID/stat has the
        same in steps of 10 ms."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def pss(self):
        """Bytes that are its own, shared pages by share."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            return int(re.search(r"^Pss: +(\d+) kB", file.read(), re.M)[1]) * 1024

    def rss(self):
        return self.running.memory("VmRSS")

    def peak_rss(self):
        """Since forget_peak."""
        return self.running.memory("VmHWM")

    def forget_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def wake_ups(self):
        """How often its threads have gone to sleep."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="ascii") as file:
                total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M)[1])
        return total


def start(bench, name, port, delivery, host="localhost", homeward=None, listener=None, **keys):
    """homeward with one account at that port of the upstream (implicit TLS); the process. Logs as installed."""
    ours = free_port()
    account = bench.account(f"smtps://{host}:{port}", delivery=delivery, **keys)
    config = bench.file(f"{name}.ini", bench.config(account, port=ours, listener=listener,
                                                    homeward={"log_level": "info", **(homeward or {})}))
    running = bench.serve(config, ours, ready=False)
    running.wait_ready()
    return Process(running)
