"""The machine that a bench ran on, in general words."""
import datetime
import os
import subprocess


def machine(directory):
    """The words, the filesystem that `directory` is on, and today."""
    filesystem = subprocess.run(["stat", "-f", "-c", "%T", os.path.dirname(directory)], capture_output=True, text=True,
                                check=False).stdout.strip()
    return {"machine": f"{os.cpu_count()} cores, {_system()}, {filesystem}", "date": datetime.date.today().isoformat()}


def _system():
    with open("/etc/os-release", encoding="utf-8") as file:
        fields = dict(line.strip().split("=", 1) for line in file if "=" in line)
    return f"{fields.get('NAME', '').strip(chr(34)).split()[0]} {fields.get('VERSION_ID', '').strip(chr(34))}"
