"""Small filesystems that a test fills up, and damage to a spool's files."""
import os
import subprocess

from hw import Skip


class SmallDisk:
    """A tmpfs at `path`, with so much room and so many inodes."""

    def __init__(self, path, size="40m", inodes=2000):
        self.path = path
        os.makedirs(path, mode=0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes={inodes},mode=0700", "tmpfs", path],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Skip(f"needs root that may mount a tmpfs: {done.stderr.strip()}")

    def fill(self, leave=0):
        """Takes all room but `leave` octets."""
        left = os.statvfs(self.path)
        octets = left.f_bavail * left.f_frsize - leave
        with open(os.path.join(self.path, "ballast"), "ab") as ballast:
            try:
                while octets > 0:
                    octets -= ballast.write(b"x" * min(octets, 1 << 16))
                    ballast.flush()
            except OSError:
                pass

    def fill_inodes(self):
        folder = os.path.join(self.path, "ballast.d")
        os.makedirs(folder)
        try:
            for number in range(1_000_000):
                with open(os.path.join(folder, str(number)), "wb"):
                    pass
        except OSError:
            pass

    def make_room(self):
        subprocess.run(["rm", "-rf", os.path.join(self.path, "ballast"), os.path.join(self.path, "ballast.d")], check=True)

    def remount(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)

    def stop(self):
        subprocess.run(["umount", "-l", self.path], check=False)


def overwrite(path, offset, octets):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(octets)


def holders(folder, mark):
    """The files below `folder` that hold these octets."""
    found = []
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                if mark in file.read():
                    found.append(os.path.relpath(path, folder))
    return found
