"""safetensors: the file that a training keeps, as many programs read it."""

from ablab.catalogue import mark
from ablab.export import Product, Subject


@mark("format", "safetensors", suffix=".safetensors", reader="safetensors.torch:load")
def safetensors(subject: Subject) -> Product:
    """Tensors by their names in the network; recipe, seed, classes, epoch and input are JSON in its metadata."""
    return Product(subject.trained.packed())
