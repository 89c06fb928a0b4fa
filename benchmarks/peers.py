"""Speed of training beside other frameworks, in one run: images a second, turn by turn, each in a process of its own.

    python benchmarks/peers.py [--model NAME] [--images N] [--repeats N]

The same network (of Keras: the same layers), crop and flip, SGD with momentum, CIFAR-10 or phantom. A framework that is
not installed is left out and named; nothing here belongs to ablab's dependencies:

    pip install lightning skorch fastai keras
"""

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

BATCHES = {"simple-nn": 128, "cnn3-dense": 64, "resnet18": 128}
IMAGES = {"simple-nn": 10_000, "cnn3-dense": 5_000, "resnet18": 512}
LR, MOMENTUM, DECAY, EPOCHS = 0.05, 0.9, 5e-4, 2
WORKERS = min(2, torch.get_num_threads())

Way = Callable[[str, int], list[float]]  # model, images -> seconds of each epoch


@dataclass(frozen=True)
class Peer:
    way: Way
    needs: str = "torch"  # the package
    models: tuple[str, ...] = tuple(BATCHES)

    @property
    def is_here(self) -> bool:
        return importlib.util.find_spec(self.needs) is not None


def load() -> tuple[Any, str]:
    from ablab.data import load_dataset
    from ablab.errors import AblabError

    try:
        return load_dataset("cifar10"), "cifar10"
    except AblabError:
        return load_dataset("phantom"), "phantom"


def network(model: str) -> nn.Module:
    from ablab.models import Io, build

    return build(model, Io(3, 32, 32, 10))


def pictures(images: int) -> Any:
    """A data set as PyTorch's tutorials have it: images one by one, changed by Pillow."""
    from textbook import Pictures

    data, _ = load()
    return Pictures(data.train.images[:images], data.train.labels[:images])


def engine(text: str) -> Way:
    def way(model: str, images: int) -> list[float]:
        from ablab.data.split import split
        from ablab.events import EpochDone
        from ablab.recipe import Recipe
        from ablab.train.loop import train

        data, name = load()
        keys = {"data": name, "model": model, "batch": BATCHES[model], "epochs": EPOCHS, "augment": "crop(4) + flip"}
        splits = split(data, 0, fraction=min(0.1, 500 / len(data.train)), train_images=images)
        events = train(Recipe.of(keys).with_(text), splits, 0)
        return [event.row.seconds for event in events if isinstance(event, EpochDone)]

    return way


def plain(workers: int) -> Way:
    def way(model: str, images: int) -> list[float]:
        from textbook import epochs

        data, _ = load()
        given = (data.train.images[:images], data.train.labels[:images])
        return epochs(network(model), *given, BATCHES[model], workers, EPOCHS)

    return way


def lightning(precision: str) -> Way:
    def way(model: str, images: int) -> list[float]:
        import lightning
        from torch.utils.data import DataLoader

        class Module(lightning.LightningModule):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.net, self.seconds = network(model), list[float]()

            def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
                return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

            def configure_optimizers(self) -> torch.optim.Optimizer:
                return torch.optim.SGD(self.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=DECAY)

            def on_train_epoch_start(self) -> None:
                self.begun = time.perf_counter()

            def on_train_epoch_end(self) -> None:
                self.seconds.append(time.perf_counter() - self.begun)

        quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
        trainer = lightning.Trainer(max_epochs=EPOCHS, accelerator="cpu", precision=precision, **quiet)
        loading = {"batch_size": BATCHES[model], "shuffle": True, "num_workers": WORKERS, "persistent_workers": True}
        module = Module()
        trainer.fit(module, DataLoader(pictures(images), **loading))
        return module.seconds

    return way


def skorch(model: str, images: int) -> list[float]:
    from skorch import NeuralNetClassifier

    options = {"momentum": MOMENTUM, "weight_decay": DECAY}
    net = NeuralNetClassifier(
        network(model),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        lr=LR,
        batch_size=BATCHES[model],
        max_epochs=EPOCHS,
        train_split=None,
        verbose=0,
        iterator_train__shuffle=True,
        iterator_train__num_workers=WORKERS,
        **{f"optimizer__{name}": value for name, value in options.items()},
    )
    net.fit(pictures(images), y=None)
    return list(net.history[:, "dur"])


def fastai(model: str, images: int) -> list[float]:
    from fastai.callback.core import Callback
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import SGD

    seconds = list[float]()

    class Clock(Callback):  # type: ignore[misc]
        def before_train(self) -> None:
            self.begun = time.perf_counter()

        def after_train(self) -> None:
            seconds.append(time.perf_counter() - self.begun)

    loaders = DataLoaders.from_dsets(pictures(images), pictures(64), bs=BATCHES[model], num_workers=WORKERS)
    learner = Learner(loaders, network(model), loss_func=nn.CrossEntropyLoss(), opt_func=SGD, cbs=[Clock()])
    with learner.no_bar(), learner.no_logging():
        learner.fit(EPOCHS, LR, wd=DECAY)
    return seconds


def keras(model: str, images: int) -> list[float]:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    seconds = list[float]()

    class Clock(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.begun = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            seconds.append(time.perf_counter() - self.begun)

    data, _ = load()
    layers = keras.layers
    front = [
        layers.Rescaling(1 / 64, offset=-2),
        layers.ZeroPadding2D(4),
        layers.RandomCrop(32, 32),
        layers.RandomFlip("horizontal"),
    ]
    net = keras.Sequential([keras.Input((32, 32, 3)), *front, *_as_in_keras(network(model), layers)])
    net.compile(
        optimizer=keras.optimizers.SGD(LR, momentum=MOMENTUM, weight_decay=DECAY),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    pixels = data.train.images[:images].permute(0, 2, 3, 1).contiguous().numpy()
    labels = data.train.labels[:images].numpy()
    net.fit(pixels, labels, batch_size=BATCHES[model], epochs=EPOCHS, shuffle=True, verbose=0, callbacks=[Clock()])
    return seconds


def _as_in_keras(net: nn.Module, layers: Any) -> list[Any]:
    """The layers of a plain network, one by one."""
    made = []
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            padding = "same" if int(layer.padding[0]) else "valid"
            made.append(layers.Conv2D(layer.out_channels, layer.kernel_size, padding=padding))
        elif isinstance(layer, nn.ReLU):
            made.append(layers.ReLU())
        elif isinstance(layer, nn.MaxPool2d):
            made.append(layers.MaxPooling2D(2))
        elif isinstance(layer, nn.Flatten):
            made.append(layers.Flatten())
        elif isinstance(layer, nn.Linear):
            made.append(layers.Dense(layer.out_features))
        elif not isinstance(layer, nn.Sequential):
            raise TypeError(f"no layer of Keras is named for {layer}")
    return made


PEERS = {
    "ablab": Peer(engine("kernels=off")),
    "ablab, kernels": Peer(engine("kernels=auto")),
    "plain loop": Peer(plain(0)),
    f"plain loop, {WORKERS} workers": Peer(plain(WORKERS)),
    "Lightning, fp32": Peer(lightning("32-true"), "lightning"),
    "Lightning, bf16": Peer(lightning("bf16-mixed"), "lightning"),
    "skorch": Peer(skorch, "skorch"),
    "fastai": Peer(fastai, "fastai"),
    "Keras": Peer(keras, "keras", ("simple-nn", "cnn3-dense")),
}


def in_a_process(name: str, model: str, images: int) -> dict[str, float] | str:
    """Images a second in the faster epoch and the largest memory; or the last line of an error."""
    words = [sys.executable, __file__, "--one", name, model, str(images)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def one(name: str, model: str, images: int) -> dict[str, float]:
    seconds = min(PEERS[name].way(model, images))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"speed": images / seconds, "megabytes": megabytes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--model", choices=BATCHES, action="append", help="this one alone")
    parser.add_argument("--images", type=int, help="of an epoch, at most")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    if asked.one:
        name, model, images = asked.one
        print(json.dumps(one(name, model, int(images))))
        return
    print(f"{torch.get_num_threads()} threads; {os.getloadavg()[0]:.1f} processes ran in the last minute")
    absent = sorted({peer.needs for peer in PEERS.values() if not peer.is_here})
    if absent:
        print(f"not installed: {', '.join(absent)}")
    for model in asked.model or BATCHES:
        images = min(IMAGES[model], asked.images or IMAGES[model])
        results: dict[str, list[dict[str, float]]] = {}
        for _ in range(asked.repeats):
            for name, peer in PEERS.items():
                if not peer.is_here or model not in peer.models:
                    continue
                result = in_a_process(name, model, images)
                if isinstance(result, str):
                    print(f"{name} failed: {result}", flush=True)
                else:
                    results.setdefault(name, []).append(result)
        print(f"{model}, batch {BATCHES[model]}, {images:,} images an epoch")
        ours = statistics.median(result["speed"] for result in results["ablab, kernels"])
        for name, found in results.items():
            speed = statistics.median(result["speed"] for result in found)
            memory = max(result["megabytes"] for result in found)
            ratio = f"ablab with kernels is {ours / speed:.2f} times as fast"
            print(f"    {name:<22} {speed:>9,.0f} images a second, {memory:>6,.0f} MB; {ratio}", flush=True)


if __name__ == "__main__":
    main()
