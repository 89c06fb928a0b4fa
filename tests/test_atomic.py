"""A written file is its old self or its new self, and a full disk is a message."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from ablab.atomic import atomic_file, atomic_write, check_writable
from ablab.errors import AblabError, InputError


def run(code: str, *arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    """Code in a fresh interpreter of its own."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_the_file_holds_what_was_written_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "report.html"
    atomic_write(path, b"\x00one")
    assert path.read_bytes() == b"\x00one"
    atomic_write(path, "zwei ü")
    assert path.read_text("utf-8") == "zwei ü"
    assert names(tmp_path) == ["report.html"]


def test_a_stream_becomes_the_file_only_at_the_end_of_the_block(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with atomic_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), ConnectionResetError("gone")])
def test_an_error_in_the_block_keeps_the_old_file_and_stays_the_error_that_it_is(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail_halfway():
        with atomic_file(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)) as raised:
        fail_halfway()
    assert raised.value is error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_permissions_follow_the_umask_as_for_any_other_file(tmp_path):
    atomic_write(tmp_path / "atomic", b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("é" * 127)  # 254 bytes
    atomic_write(path, b"x")
    assert path.read_bytes() == b"x"


def test_a_missing_folder_is_a_message_that_names_the_file(tmp_path):
    with pytest.raises(AblabError, match="nowhere/file: cannot be written: No such file"):
        atomic_write(tmp_path / "nowhere" / "file", b"x")


@pytest.mark.usefixtures("unmeasured")
def test_a_size_limit_is_a_message_with_path_needed_and_free_bytes_and_the_old_file_stays(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, 64 << 10))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    code = """
        import sys
        from pathlib import Path
        from ablab.atomic import atomic_write
        from ablab.errors import AblabError, InputError
        try:
            atomic_write(Path(sys.argv[1]), bytes(300_000))
        except AblabError as error:
            print(error)
    """
    done = run(code, path, preexec_fn=limit, env=dict(os.environ))  # as it is before the fork, which is measured again
    assert done.stderr == ""
    assert str(path) in done.stdout
    assert "300,000 bytes are needed" in done.stdout
    assert f"{shutil.disk_usage(tmp_path).free:,}"[:3] in done.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.faults
@pytest.mark.parametrize("chunk", [1000, 400_000])
def test_a_full_disk_is_a_message_and_the_old_file_stays(tmp_path, chunk):
    code = """
        import sys
        from pathlib import Path
        from ablab.atomic import atomic_file
        from ablab.errors import AblabError, InputError
        path = Path(sys.argv[1]) / "file"
        path.write_bytes(b"old")
        try:
            with atomic_file(path, size=4_000_000) as file:
                for _ in range(4_000_000 // int(sys.argv[2])):
                    file.write(bytes(int(sys.argv[2])))
        except AblabError as error:
            print(error)
        print(path.read_bytes(), len(list(path.parent.iterdir())))
    """
    mounted = f'mount -t tmpfs -o size=1m tmpfs "{tmp_path}" && exec "$@"'
    shell = ["unshare", "-rm", "sh", "-c", mounted, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*shell, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a test mount a small disk (unshare -rm, mount -t tmpfs)")
    command = [*shell, sys.executable, "-c", textwrap.dedent(code), str(tmp_path), str(chunk)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert "file: no room (No space left on device): 4,000,000 bytes are needed, " in done.stdout
    assert done.stdout.splitlines()[-1] == "b'old' 1"


@pytest.mark.faults
def test_a_writer_killed_at_any_instant_leaves_the_old_or_the_new_file_whole(tmp_path):
    path = tmp_path / "file"
    contents = [bytes([number]) * 2_000_000 for number in range(4)]
    path.write_bytes(contents[0])
    code = """
        import sys
        from pathlib import Path
        from ablab.atomic import atomic_write
        print("ready", flush=True)
        for number in range(1_000_000):
            atomic_write(Path(sys.argv[1]), bytes([number % 4]) * 2_000_000)
    """
    seen = set()
    for trial in range(40):  # on a busy machine it takes more than eight to be killed behind a write
        if trial >= 8 and len(seen) > 1:
            break
        child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()
            try:
                child.wait(timeout=0.003 * trial)
            except subprocess.TimeoutExpired:
                child.kill()
            assert child.wait(timeout=10) == -signal.SIGKILL
        assert path.read_bytes() in contents
        seen.add(path.read_bytes()[0])
    assert len(seen) > 1, "no trial was killed after a write: the test has tried nothing"


def test_the_file_and_then_its_name_are_flushed_to_the_disk(tmp_path):
    """Read from the system calls themselves, because only a power cut would show the difference."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "calls"
    code = "import sys, pathlib, ablab.atomic as a; a.atomic_write(pathlib.Path(sys.argv[1]), b'content')"
    traced = ["strace", "-f", "-y", "-e", "trace=write,fsync,rename,renameat,renameat2", "-o", str(log)]
    command = [*traced, sys.executable, "-c", code, str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("this machine does not let a test trace a process")
    lines = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines() if str(tmp_path) in line]
    folder = Path(tmp_path).resolve()
    assert [line.partition("(")[0] for line in lines] == ["write", "fsync", "rename", "fsync"]
    assert f"<{folder}>" in lines[-1]


def test_what_could_not_be_written_later_is_found_now_and_nothing_is_left(tmp_path):
    check_writable(tmp_path / "new" / "report.html")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").write_text("")
    for path, reason in ((tmp_path / "file" / "report.html", "exists|directory"), (tmp_path / "new", "it is a folder")):
        with pytest.raises(InputError, match=f"{path.name}: cannot be written: .*({reason})"):
            check_writable(path)


def test_a_link_stays_and_the_file_that_it_points_to_is_written(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to("target")
    check_writable(link)
    atomic_write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert sorted(names(tmp_path)) == ["link", "target"]


def test_a_link_to_what_is_not_there_yet_makes_it(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to("folder/file")
    atomic_write(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "folder" / "file").read_bytes() == b"new"


def test_a_loop_of_links_is_a_message(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("link")
    for write in (check_writable, lambda path: atomic_write(path, b"new")):
        with pytest.raises(InputError, match="link: cannot be written: Too many levels"):
            write(link)
    assert link.is_symlink()


def test_a_device_is_written_to_and_stays_a_device(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    for path in (Path("/dev/null"), link):
        check_writable(path)
        atomic_write(path, b"new")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(AblabError, match=r"/dev/full: no room .* 3 bytes are needed"):
        atomic_write(Path("/dev/full"), b"new")
    assert Path("/dev/full").is_char_device()


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    atomic_write(pipe, b"new")
    reader.join()
    assert read == [b"new"]
    assert pipe.is_fifo()
