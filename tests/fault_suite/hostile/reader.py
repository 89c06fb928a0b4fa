"""Read hostile files of one form in a process of its own, and say of each what came of it.

    python -m fault_suite.hostile.reader FORM FIRST LAST

Nothing in a file may be run, start a process or open a connection; none may take over 512 MB, or be read as if it were
genuine.
"""

import sys
import traceback
from pathlib import Path
from typing import Any

from damage import MOST_KILOBYTES, peak_memory
from fault_suite.hostile import Hostile

MARKER = Path("marker")
RUNNING = ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.")


def read_all(name: str, first: int, last: int) -> None:
    """Be the process that reads."""
    from fault_suite.hostile.forms import HOSTILE

    form = next(form for form in HOSTILE if form.name == name)
    seen: list[str] = []

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(RUNNING):
            seen.append(f"{event} {arguments}")

    files = {which: form.content(which, MARKER.absolute()) for which in form.names[first:last]}
    sys.addaudithook(listen)
    for at, (which, content) in enumerate(files.items(), first):
        print(at, flush=True)
        seen.clear()
        before = peak_memory(anew=True)
        said = outcome(form, which, content)
        if MARKER.exists() or seen:
            said = f"silent: something of it was run {seen[:2]}"
            MARKER.unlink(missing_ok=True)
        elif peak_memory() - before > MOST_KILOBYTES:
            said = f"crashed: it took {(peak_memory() - before) >> 10:,} MB"
        print(f"{said} ({which})".replace("\n", " ")[:400], flush=True)


def outcome(form: Hostile, which: str, content: bytes) -> str:
    """What came of a file: `held`, or what went wrong."""
    from ablab.errors import AblabError

    try:
        form.read(content)
        return "held" if which in form.readable else "silent: it was read"
    except AblabError as error:
        text = str(error)
        is_plain = all(letter.isprintable() or letter == "\n" for letter in text)
        return "held" if is_plain and text and len(text) < 20_000 else f"silent: {text[:100]!r}, {len(text):,} letters"
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"crashed: {type(error).__name__}: {str(error)[:200]} in {where.name}"


if __name__ == "__main__":
    read_all(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
