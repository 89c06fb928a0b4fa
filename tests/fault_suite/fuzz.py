"""Let a coverage-guided fuzzer (atheris, which drives libFuzzer) write texts and files for ablab's own parsers.

    python -m fault_suite.fuzz [PARSER]... [--seconds 600] [--findings FOLDER]

Each parser is tried in a process of its own. It may read what it gets, or refuse it in words that a terminal can show;
all else, over ten seconds and over 2 GB are findings. A finding is kept as a file: see tests/faults/test_findings.py.
The exit code is 1 where there is one.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fault_suite.child import surroundings

FINDINGS = Path(__file__).parent.parent / "faults" / "findings"
LONGEST = 4096  # bytes that the fuzzer writes: of files whose genuine form is longer, a fourth more than that
LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", "-print_final_stats=1")
LIBRARIES = ("Parquet", "JPEG", "WEBP")  # of these, other projects' parsers do the work, in compiled code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parsers", nargs="*", metavar="PARSER", help="parsers whose name contains this, or all")
    parser.add_argument("--seconds", type=int, default=600, help="so long at each parser")
    parser.add_argument("--findings", type=Path, default=FINDINGS, metavar="FOLDER", help="where findings are kept")
    parser.add_argument("--inside", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        fuzz(given.parsers[0], given.inside, given.seconds)
    chosen = [name for name in names() if not given.parsers or any(word in name for word in given.parsers)]
    return max(tried(name, given.seconds, given.findings) for name in chosen)


def names() -> list[str]:
    """The parsers: of texts, and of the forms of files that ablab reads with code of its own."""
    from fault_suite.forms import FORMS
    from fault_suite.parsers import PARSERS

    texts = [name for name in PARSERS if name != "a page"]  # which is there as a file
    return [*texts, *(form.name for form in FORMS if form.name not in LIBRARIES)]


def tried(name: str, seconds: int, findings: Path) -> int:
    """Fuzz a parser in a process of its own and say what came of it; 1 if there was a finding, otherwise 0."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ablab-fuzz-") as folder:
        command = [sys.executable, "-W", "ignore", "-m", "fault_suite.fuzz", name, "--seconds", str(seconds)]
        process = subprocess.run(
            [*command, "--inside", folder],
            cwd=folder,
            env=surroundings(Path(folder)),
            capture_output=True,
            text=True,
            errors="replace",
        )
        kept = [move(path, name, findings) for path in sorted(Path(folder).glob("found-*"))]
    stats = dict(line[6:].split(":", 1) for line in process.stderr.splitlines() if line.startswith("stat::"))
    texts = int(stats.get("number_of_executed_units", 0))
    print(f"{name}: {texts:,} inputs in {time.monotonic() - begun:.0f} s, {len(kept)} findings", flush=True)
    if process.returncode:
        print(*process.stderr.splitlines()[-25:], *kept, sep="\n", flush=True)
    return int(process.returncode != 0)


def move(path: Path, name: str, findings: Path) -> Path:
    """Keep the file of a finding below the name of its parser."""
    place = findings / folder_of(name) / path.name.removeprefix("found-")[:20]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(path.read_bytes())
    return place


def folder_of(name: str) -> str:
    """The folder of a parser's findings.

    >>> folder_of("a path with brackets")
    'a-path-with-brackets'
    """
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def fuzz(name: str, folder: Path, seconds: int) -> None:
    """Be the process that reads what the fuzzer writes; it ends with the fuzzer's exit code."""
    import atheris

    with atheris.instrument_imports(include=["ablab"]):
        read, seeds = reader(name), genuine(name)
        for seed in seeds:
            read(seed)  # what a parser imports on its way is then there, with counters in it
    corpus = folder / "corpus"
    corpus.mkdir()
    for at, seed in enumerate(seeds):
        (corpus / str(at)).write_bytes(seed)
    longest = max(LONGEST, *(len(seed) * 5 // 4 for seed in seeds))
    options = [f"-max_total_time={seconds}", f"-max_len={longest}", f"-artifact_prefix={folder}/found-", *LIMITS]
    os.chdir(folder)
    atheris.Setup([sys.argv[0], *options, str(corpus)], read)
    atheris.Fuzz()


def reader(name: str) -> Callable[[bytes], None]:
    """How a parser reads bytes, and takes a message that refuses them; other errors go through."""
    from fault_suite.forms import FORMS
    from fault_suite.parsers import CELLS, PARSERS

    if name in PARSERS:
        parse = PARSERS[name]
        return refusing(lambda content: parse(content.decode(errors="replace")), are_cells=name in CELLS)
    return refusing(next(form for form in FORMS if form.name == name).read, are_cells=False)


def genuine(name: str) -> list[bytes]:
    """What a parser reads without a word, as a start for the fuzzer."""
    from fault_suite.forms import FORMS
    from fault_suite.parsers import PARSERS, SEEDS

    if name in PARSERS:
        return [seed.encode() for seed in SEEDS]
    return [next(form for form in FORMS if form.name == name).genuine()]


def refusing(read: Callable[[bytes], Any], *, are_cells: bool) -> Callable[[bytes], None]:
    """Read bytes, or take the message that refuses them, if a terminal can show it."""
    from ablab.errors import AblabError

    def one(content: bytes) -> None:
        try:
            read(content)
        except AblabError as error:
            assert all(letter.isprintable() or letter == "\n" for letter in str(error)), repr(str(error))
        except ValueError as error:
            if type(error) is not ValueError or not are_cells:
                raise

    return one


if __name__ == "__main__":
    sys.exit(main())
