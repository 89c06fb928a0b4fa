"""Drives: whether a folder is on a file system that several machines may use at once, as the table of mounts says."""

import os
import re
from pathlib import Path

MOUNTS = Path("/proc/mounts")  # Linux only
# Machines share no memory, which a write-ahead log of SQLite needs. All of FUSE counts: most of it is a network's.
SHARED = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "fhgfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "prl_fs",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
    }
)


def network_drive(folder: Path, table: Path = MOUNTS) -> str | None:
    """The kind of network file system that a folder is on; None if it is on a disk of this machine or nobody knows."""
    try:
        lines = table.read_bytes().splitlines()
    except OSError:
        return None
    path, longest, found = os.fsencode(folder.resolve()), 0, ""
    for line in lines:
        _, point, kind, *_ = line.split(b" ")
        # A blank in a name is \040 there. Of two mounts at one place, the later one covers the earlier one.
        place = re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), point).rstrip(b"/")
        if (path == place or path.startswith(place + b"/")) and len(place) >= longest:
            longest, found = len(place), kind.decode("ascii", "replace")
    return found if found in SHARED or found == "fuse" or found.startswith("fuse.") else None
