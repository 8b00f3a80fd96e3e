#!/usr/bin/env python3
"""Every row of speed.md in one table: relay, spool, idle, fates, link.

Usage: bench_all.py HOMEWARD LOAD [--rounds N] [--peer postfix] [--json FILE] [--directory DIR]
"""
import bench_fates
import bench_idle
import bench_link
import bench_relay
import bench_spool
from figures import arguments, run

MODULES = (bench_relay, bench_spool, bench_idle, bench_fates, bench_link)

parser = arguments(__doc__, 5)
for module in MODULES:
    if hasattr(module, "add_options"):
        module.add_options(parser)
run(parser.parse_args(), *(module.measure for module in MODULES))
