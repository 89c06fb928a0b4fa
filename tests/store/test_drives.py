"""A store on a network drive is known from the table of mounts, and has no write-ahead log."""

import pytest

from ablab.store import Store, drives, opening
from ablab.store.drives import network_drive


def mounts(tmp_path, *lines):
    table = tmp_path / "mounts"
    table.write_bytes("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    return table


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        *(
            (kind, kind)
            for kind in ("nfs", "nfs4", "cifs", "smb3", "fuse", "fuse.sshfs", "fuse.rclone", "lustre", "9p")
        ),
        *((kind, None) for kind in ("ext4", "tmpfs", "overlay", "fuseblk", "btrfs", "nfsd")),
    ],
)
def test_network_file_systems_and_fuse_count_and_local_ones_do_not(tmp_path, kind, found):
    table = mounts(tmp_path, "/dev/a / ext4 rw 0 0", f"there {tmp_path} {kind} rw 0 0")
    assert network_drive(tmp_path / "below" / "store", table) == found


def test_the_innermost_mount_counts_and_of_two_at_one_place_the_later_one(tmp_path):
    inner, beside = tmp_path / "inner", tmp_path / "inner-beside"
    lines = [f"a {inner} tmpfs rw 0 0", f"b {inner} nfs rw 0 0", f"c {tmp_path} cifs rw 0 0", "d / ext4 rw 0 0"]
    table = mounts(tmp_path, *lines)
    assert network_drive(inner / "store", table) == "nfs"
    assert network_drive(beside, table) == "cifs"
    assert network_drive(tmp_path.parent, table) is None


@pytest.mark.parametrize("name", ["with blank", "umläut", "back\\slash", "tab\there", "byte\udcff"])
def test_names_are_read_as_the_kernel_writes_them(tmp_path, name):
    written = name.replace("\\", r"\134").replace(" ", r"\040").replace("\t", r"\011")
    table = mounts(tmp_path, "/dev/a / ext4 rw 0 0", f"b {tmp_path}/{written} nfs4 rw 0 0")
    assert network_drive(tmp_path / name / "store", table) == "nfs4"


def test_a_machine_without_a_table_of_mounts_has_no_known_network_drive(tmp_path):
    assert network_drive(tmp_path, tmp_path / "absent") is None


@pytest.mark.parametrize(("kind", "mode"), [("nfs", "delete"), ("ext4", "wal")])
def test_a_store_on_a_network_drive_has_no_write_ahead_log(tmp_path, monkeypatch, kind, mode):
    monkeypatch.setattr(opening, "SAFE_WAL", (0, 0, 0))
    monkeypatch.setattr(drives.network_drive, "__defaults__", (mounts(tmp_path, f"there {tmp_path} {kind} rw 0 0"),))
    store = Store(tmp_path / "store")
    assert store.connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
