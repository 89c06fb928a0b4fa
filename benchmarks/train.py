"""Speed of training: ours against the textbook loop, in one run, each in processes of its own, turn by turn.

    python benchmarks/train.py [--model NAME] [--images N] [--repeats N]

CIFAR-10 where it is found, else phantom. Prints ratios with their spread over repeats, the bar, and whether it is met.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import torch
import torch.nn.functional as F

WAYS = {"ours": "precision=auto", "fp32": "precision=fp32", "kernels": "kernels=auto"}  # of the engine
AMX = bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())
# model, batch, images (None: all), the bar of the ratio, the bar of all that is not the network's own passes
CASES = (
    ("simple-nn", 128, None, 5.0, 0.25),
    ("cnn3-dense", 64, 6_400, 4.0, None),
    ("resnet18", 128, 384, 6.0 if AMX else 1.3, 0.10),
)
# Networks that kernels=auto changes: without matrix units, all of them where fp32 is faster than bf16.
COMPILED = {"simple-nn"} if AMX else {case[0] for case in CASES}


def load() -> tuple[Any, str]:
    from ablab.data import load_dataset
    from ablab.errors import AblabError

    try:
        return load_dataset("cifar10"), "cifar10"
    except AblabError:
        return load_dataset("phantom"), "phantom"


def textbook(model: str, batch: int, images: int, workers: int) -> dict[str, float]:
    """Seconds of the faster of two epochs of the plain loop."""
    from textbook import epochs

    from ablab.models import Io, build

    data, _ = load()
    net = build(model, Io(3, 32, 32, len(data.classes)))
    return {"seconds": min(epochs(net, data.train.images[:images], data.train.labels[:images], batch, workers, 2))}


def ours(model: str, batch: int, images: int, way: str = "precision=auto") -> dict[str, float]:
    """Seconds of the faster of two epochs, those that the network's own passes take, and the share of the system."""
    from ablab.data.split import split
    from ablab.events import EpochDone
    from ablab.recipe import Recipe
    from ablab.train.loop import train

    data, name = load()
    recipe = Recipe.of({"data": name, "model": model, "batch": batch, "epochs": 3, "augment": "crop(4) + flip"})
    recipe = recipe.with_(way)
    splits = split(data, 0, fraction=min(0.1, 1000 / len(data.train)), train_images=images)
    rows, before = [], resource.getrusage(resource.RUSAGE_SELF)
    for event in train(recipe, splits, 0):
        if isinstance(event, EpochDone):
            rows.append(event.row)
            state = event.state
            if event.row.epoch == 1:
                before = resource.getrusage(resource.RUSAGE_SELF)
            if event.row.epoch == 3:
                break
    after = resource.getrusage(resource.RUSAGE_SELF)
    system, user = after.ru_stime - before.ru_stime, after.ru_utime - before.ru_utime
    assert state is not None
    steps = -(-images // batch)
    return {
        "seconds": min(row.seconds for row in rows[1:]),
        "passes": steps * passes(state.net, batch),
        "system": system / (system + user),
    }


def passes(net: torch.nn.Module, batch: int) -> float:
    """Seconds forward and backward alone, of numbers that are ready, as the engine runs them."""
    from ablab.train.device import choose_hardware

    hardware = choose_hardware(net=net)
    images = torch.randn(batch, 3, 32, 32).contiguous(memory_format=hardware.memory_format)
    labels = torch.randint(0, 10, (batch,))
    taken = []
    net.train()
    for _ in range(12 if batch * sum(p.numel() for p in net.parameters()) < 1e9 else 5):
        begun = time.perf_counter()
        with hardware.autocast():
            outputs = net(images)
        F.cross_entropy(outputs.float(), labels).backward()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[2:])


def in_a_process(words: list[str], **environment: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--one", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def side_by_side(model: str, batch: int, images: int) -> float:
    """How many times as many images a second one process a core takes as one process with all threads."""
    cores = torch.get_num_threads()
    alone = in_a_process(["ours", model, str(batch), str(images)])["seconds"]
    begun = [
        subprocess.Popen(
            [sys.executable, __file__, "--one", "ours", model, str(batch), str(images)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for _ in range(cores)
    ]
    each = [json.loads(process.communicate()[0].splitlines()[-1])["seconds"] for process in begun]
    return cores * alone / max(each)


def line(what: str, values: list[float], bar: float, *, at_least: bool, unit: str = "") -> bool:
    middle = statistics.median(values)
    is_met = middle >= bar if at_least else middle <= bar
    wanted = f"{'at least' if at_least else 'at most'} {bar:g}{unit}"
    spread = f"{min(values):.2f} to {max(values):.2f}"
    print(f"{what:<62} {middle:>7.2f}{unit}  ({spread})  {wanted:<14} {'met' if is_met else 'MISSED'}", flush=True)
    return is_met


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--images", type=int, default=45_000, help="images of an epoch of simple-nn")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", choices=[case[0] for case in CASES], help="this one alone")
    given = parser.parse_args()
    if given.one:
        kind, model, *words = given.one
        numbers = [int(word) for word in words]
        print(json.dumps(textbook(model, *numbers) if kind == "textbook" else ours(model, *numbers, WAYS[kind])))
        return
    from ablab.train.device import multiplies_bf16

    data, name = load()
    units = f"{'AMX' if AMX else 'no AMX'}, {'bf16' if multiplies_bf16() else 'fp32'}"
    print(f"{name}, {torch.get_num_threads()} threads, {units}")
    met = []
    for model, batch, images, bar, rest in CASES:
        if given.model not in (None, model):
            continue
        images = min(images or given.images, len(data.train) - 1000)
        words = [model, str(batch), str(images)]
        tried = {w: in_a_process(["textbook", *words, str(w)])["seconds"] for w in (0, 1, torch.get_num_threads())}
        best = str(min(tried, key=lambda w: tried[w]))
        pairs, singles, compiled = [], [], []
        for _ in range(given.repeats):
            pairs.append((in_a_process(["textbook", *words, best])["seconds"], in_a_process(["ours", *words])))
            if multiplies_bf16():
                singles.append(in_a_process(["fp32", *words])["seconds"])
            if model in COMPILED:
                compiled.append(in_a_process(["kernels", *words])["seconds"])
        plain, fast = (statistics.median(one) for one in ([p[0] for p in pairs], [p[1]["seconds"] for p in pairs]))
        print(
            f"{model}, batch {batch}, {images:,} images an epoch: textbook {plain:.2f} s with {best} loading processes"
        )
        print(f"{'ours':>{len(model) + 12}} {fast:.2f} s")
        met.append(
            line(f"{model}: times as fast as the textbook", [p[0] / p[1]["seconds"] for p in pairs], bar, at_least=True)
        )
        if singles:
            gains = [single / p[1]["seconds"] for single, p in zip(singles, pairs, strict=True)]
            met.append(line(f"{model}: times as fast in bf16 as in fp32", gains, 1, at_least=True))
        if compiled:
            both = list(zip(pairs, compiled, strict=True))
            met.append(
                line(f"{model}: with kernels, times the textbook", [p[0] / k for p, k in both], bar, at_least=True)
            )
            gains = [p[1]["seconds"] / k for p, k in both]
            met.append(line(f"{model}: times as fast with kernels as without", gains, 1, at_least=True))
        if rest is not None:
            shares = [100 * (1 - p[1]["passes"] / p[1]["seconds"]) for p in pairs]
            met.append(
                line(f"{model}: all but the network's own passes", shares, 100 * rest, at_least=False, unit=" %")
            )
        systems = [100 * p[1]["system"] for p in pairs]
        met.append(line(f"{model}: time of the system, of all CPU time", systems, 5, at_least=False, unit=" %"))
        if model != "resnet18":
            gains = [side_by_side(model, batch, min(9_000, images)) for _ in range(given.repeats)]
            met.append(line(f"{model}: one process a core, times as many images a second", gains, 1, at_least=True))
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
