"""Show what this machine offers for training, and how to make training faster"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ablab.cli.shared import data_root_option, json_option, say, store_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ablab.probe.peak import Ceiling
    from ablab.train.device import Hardware

GROUP = "Tools"
EXAMPLES = ("ablab doctor",)

FASTER = 1.2  # times as fast: less may be noise
SLOW_DISK = 0.05  # seconds that a checkpoint of a megabyte may take


@click.command(help=__doc__)
@data_root_option
@store_option
@json_option
def command(data_root: str | None, store: str | None, as_json: bool) -> None:
    import dataclasses
    import os
    import platform
    import shutil

    import psutil
    import torch

    from ablab.data.known import KNOWN
    from ablab.data.places import locate
    from ablab.kernels.build import build
    from ablab.probe.peak import ceilings
    from ablab.report.table import table
    from ablab.report.terminal.screen import facts_text, on_screen
    from ablab.store import place
    from ablab.train.device import choose_hardware, keep_memory, multiplies_bf16

    hardware = choose_hardware()
    folder = place(store)
    found = {name: locate(known, data_root) for name, known in KNOWN.items()}
    measured = ceilings(hardware)
    facts: dict[str, Any] = {
        "device": hardware.name,
        "cores": psutil.cpu_count(logical=False) or os.cpu_count(),
        "threads of the CPU": os.cpu_count(),
        "threads that torch uses": hardware.threads,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bf16 instructions": multiplies_bf16(),
        "precision chosen": hardware.precision,
        "allocator keeps freed memory": keep_memory(),
        "compiled kernels": build("small").reason or "yes",
        "memory free, GB": round(psutil.virtual_memory().available / 1e9, 1),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "store": str(folder),
        "disk free there, GB": round(shutil.disk_usage(folder if folder.exists() else ".").free / 1e9, 1),
        "time to write a 1 MB checkpoint (s)": round(_checkpoint_seconds(), 4),
        **{f"data {name}": str(where) if where else "not here" for name, where in found.items()},
    }
    faster = list(advice(facts, hardware, measured))
    heads = ("billions of multiply-adds a second", "matmul >", "convolution >", "its training >")
    speeds = [
        (one.precision, f"{one.matmul:,.0f}", f"{one.convolution:,.0f}", f"{one.training:,.0f}") for one in measured
    ]
    parts = [
        facts_text((key, _shown(value)) for key, value in facts.items()),
        on_screen(table("speeds", heads, speeds)),
        "\n".join(f"faster: {text}" for text in faster) or "nothing to change",
    ]
    following = "ablab demo" if any(found.values()) else "ablab data get cifar10"
    rates = [dataclasses.asdict(one) for one in measured]
    say(as_json, {**facts, "ceilings": rates, "advice": faster}, "\n\n".join(parts), following)


def _checkpoint_seconds() -> float:
    """The fastest of three durable writes of a megabyte, in a folder beside the store's."""
    import tempfile
    import time
    from pathlib import Path

    from ablab.atomic import atomic_write

    taken = []
    with tempfile.TemporaryDirectory(dir=".") as folder:
        for i in range(3):
            begun = time.perf_counter()
            atomic_write(Path(folder) / str(i), bytes(1 << 20))
            taken.append(time.perf_counter() - begun)
    return min(taken)


def advice(facts: dict[str, Any], hardware: Hardware, measured: list[Ceiling]) -> Iterator[str]:
    """What a person could change, with the figure that says so."""
    import os

    by_name = {one.precision: one for one in measured}
    bf16, fp32 = by_name.get("bf16"), by_name["fp32"]
    if bf16 and bf16.training > 1.5 * fp32.training and hardware.precision == "fp32":
        yield f"precision=bf16 trains convolutions {bf16.training / fp32.training:.1f} times as fast here"
    if bf16 and fp32.training > FASTER * bf16.training and hardware.precision == "bf16":
        ratio = fp32.training / bf16.training
        yield f"fp32 trains convolutions {ratio:.1f} times as fast here as bf16: set precision=fp32, or kernels=auto"
    if hardware.device.type == "cpu" and hardware.threads < (facts["cores"] or 1):
        cores = facts["cores"]
        yield f"torch uses {hardware.threads} of {cores} cores: unset OMP_NUM_THREADS, or set threads={cores}"
    if hardware.device.type == "cpu" and os.getloadavg()[0] > 0.7 * (facts["cores"] or 1):
        yield (
            f"other programs keep the cores busy (load {os.getloadavg()[0]:.1f}): timings here mean little until "
            "they end"
        )
    if not facts["allocator keeps freed memory"]:
        yield "this C library returns freed memory to the system at every step; glibc can be set to keep it"
    if facts["time to write a 1 MB checkpoint (s)"] > SLOW_DISK:
        yield "this disk is slow to flush: keep the store on a local disk, with --store or $ABLAB_STORE"
    if hardware.device.type == "cpu" and hardware.threads > 1:
        yield "small networks train faster several at a time: ablab run does that on its own"


def _shown(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
