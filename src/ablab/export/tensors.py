"""safetensors: the file that a training keeps, as many programs read it."""

from ablab.catalogue import mark
from ablab.train.trained import Trained


@mark("format", "safetensors", suffix=".safetensors", reader="safetensors.torch:load")
def safetensors(trained: Trained) -> bytes:
    """Tensors by their names in the network; recipe, seed, classes, epoch and input are JSON in its metadata."""
    return trained.packed()
