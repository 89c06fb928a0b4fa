"""Harm ablab in every way of the suite and print what was lost, crashed, hung or went wrong without a word.

    python -m fault_suite [--size sample|full] [--only NAME]... [--record FILE]
    python -m fault_suite --table FILE

The exit code is 1 if a promise was broken or a control was not caught.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fault_suite.catalogue import faults
from fault_suite.fault import BAD, Fault, Row
from fault_suite.nursery import Nursery

Record = dict[str, Any]  # rows by name, each with the day and the machine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=["sample", "full"], default="sample")
    parser.add_argument("--trials", type=int, help="so many trials of each, whatever the size says")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="faults whose name contains this")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep the figures in this file as well")
    parser.add_argument("--table", type=Path, metavar="FILE", help="print the table of figures that were kept, only")
    given = parser.parse_args()
    if given.table:
        print(table(json.loads(given.table.read_text(encoding="utf-8"))))
        return 0
    chosen = [fault for fault in faults() if not given.only or any(word in fault.name for word in given.only)]
    rows = []
    place = tempfile.TemporaryDirectory(prefix="ablab-faults-", ignore_cleanup_errors=True)
    with place as folder, Nursery(Path(folder) / "nursery") as nursery:
        for fault in chosen:
            number = given.trials or (fault.full if given.size == "full" else fault.sample)
            rows.append(carried_out(fault, number, nursery, Path(folder) / "trials"))
            print(line(asdict(rows[-1])), *(f"    {note}" for note in rows[-1].notes[:8]), sep="\n", flush=True)
            if given.record:
                keep(rows[-1], given.record)
    return 0 if rows and all(row.is_good for row in rows) else 1


def carried_out(fault: Fault, number: int, nursery: Nursery, folder: Path) -> Row:
    """A fault with so many trials, in a folder that is gone afterwards."""
    row, begun = Row(fault.name, fault.is_control), time.monotonic()
    folder.mkdir()
    for trial in fault.trials(nursery, folder, number):
        row.add(trial)
    row.seconds = time.monotonic() - begun
    shutil.rmtree(folder, ignore_errors=True)
    return row


def keep(row: Row, path: Path) -> None:
    """Put a row's figures in the place of those that the file had of it."""
    record: Record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    about = {"day": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}", "machine": machine()}
    record[row.name] = {**asdict(row), **about}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def machine() -> str:
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{os.cpu_count()} cores, {system}, Python {platform.python_version()}"


HEADS = "| fault | trials | lost | crashed | hung | silent |\n|---|---|---|---|---|---|"


def table(record: Record) -> str:
    """The figures as a table for the docs: the promises, then the controls, in the order of the suite."""
    rows = [record[fault.name] for fault in faults() if fault.name in record]
    kept = [line(row) for row in rows if not row["is_control"]]
    caught = [line(row) for row in rows if row["is_control"]]
    return "\n".join([HEADS, *kept, *([] if not caught else ["", "Controls:", "", HEADS, *caught])])


def line(row: dict[str, Any]) -> str:
    counts = " | ".join(f"{row['counts'][name]:,}" for name in BAD)
    return f"| {row['name']} | {row['trials']:,} | {counts} |"


if __name__ == "__main__":
    sys.exit(main())
