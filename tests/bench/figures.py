"""What all benches share: rows with what must and what should be reached, their verdicts, one table, one JSON file, and
the frame of a program around `measure(bench, options)`, which gives rows and raw figures.
"""
import argparse
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from hw import Bench  # noqa: E402


@dataclasses.dataclass
class Row:
    """One line of the table. `better` is "less" or "more"; `beside` holds further figures, by name with unit."""
    what: str
    must: float
    aim: float
    reached: float
    unit: str = "×"
    better: str = "less"
    beside: dict = dataclasses.field(default_factory=dict)

    @property
    def verdict(self):
        def meets(limit):
            return self.reached <= limit if self.better == "less" else self.reached >= limit
        return "aim met" if meets(self.aim) else "must met" if meets(self.must) else "MISSED"

    def cells(self):
        beside = ", ".join(f"{name} {_number(value)}" for name, value in self.beside.items())
        return (self.what, *(f"{_number(value)} {self.unit}".strip() for value in (self.must, self.aim, self.reached)),
                self.verdict, beside)


def _number(value):
    if isinstance(value, str):
        return value
    if isinstance(value, float) and abs(value) < 100:
        return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{value:,.0f}"


def print_table(rows):
    """As Markdown, so that it can stand in docs/speed.md as it is."""
    lines = [("what", "must", "aim", "reached", "verdict", "beside it"), *[row.cells() for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    for number, line in enumerate(lines):
        print("| " + " | ".join([*(cell.ljust(width) for cell, width in zip(line, widths)), line[5]]) + " |")
        if number == 0:
            print("|" + "---|" * 6)


def median(rounds, value):
    return statistics.median(value(one) for one in rounds)


def machine(directory):
    """The machine in general words, the filesystem that `directory` is on, and today."""
    filesystem = subprocess.run(["stat", "-f", "-c", "%T", os.path.dirname(directory)], capture_output=True, text=True,
                                check=False).stdout.strip()
    with open("/etc/os-release", encoding="utf-8") as file:
        fields = dict(line.strip().split("=", 1) for line in file if "=" in line)
    system = f"{fields.get('NAME', '').strip(chr(34)).split()[0]} {fields.get('VERSION_ID', '').strip(chr(34))}"
    return {"machine": f"{os.cpu_count()} cores, {system}, {filesystem}", "date": datetime.date.today().isoformat()}


def arguments(text, rounds):
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("homeward")
    parser.add_argument("load", help="bench_load; bench_upstream stands beside it")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", help="writes all figures to this file")
    parser.add_argument("--directory", help="where spool and queue lie (default: the folder for temporary files)")
    return parser


def run(options, *measures):
    """Each measure has a fresh bench: `measure(bench, options)` gives (rows, raw figures for the JSON)."""
    tempfile.tempdir = options.directory
    shared = {"directory": tempfile.mkdtemp(prefix="homeward-bench-")}
    rows, raw = [], {}
    try:
        for measure in measures:
            bench = Bench(os.path.realpath(options.homeward), shared)
            try:
                more, figures = measure(bench, options)
            finally:
                bench.end()
                bench.clean()
            rows += more
            raw.update(figures)
    finally:
        shutil.rmtree(shared["directory"], ignore_errors=True)
    result = {**machine(shared["directory"]), **raw,
              "rows": [{**dataclasses.asdict(row), "verdict": row.verdict} for row in rows]}
    print(f"\n{result['machine']}, {result['date']}, medians of {options.rounds} rounds\n")
    print_table(rows)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if any(row.verdict == "MISSED" for row in rows) else 0)


def progress(text):
    print(text, file=sys.stderr, flush=True)
