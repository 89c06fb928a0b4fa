"""huggingface: a folder as Hugging Face's hub lays models out, with a model card."""

import json
import tomllib
from typing import Any

from safetensors.torch import save

from ablab.catalogue import is_own, mark
from ablab.errors import ModelError
from ablab.export import Product, Subject
from ablab.export.pictures import INPUT
from ablab.installed import offer_of
from ablab.operations import TIMM
from ablab.own_code import name_within, sources
from ablab.recipe import Recipe
from ablab.train.trained import Trained, apart
from ablab.version import VERSION


@mark("format", "huggingface", suffix="-huggingface")
def huggingface(subject: Subject) -> Product:
    """A folder for Hugging Face's hub: `config.json`, `model.safetensors`, and `README.md`, the model card."""
    trained = subject.trained
    recipe = Recipe.of(tomllib.loads(trained.recipe))
    model = recipe.model
    has_code = is_own(model) and not model.startswith(TIMM) and not offer_of(model)
    code = {file: text.encode() for file, text in sources(model, ModelError).items()} if has_code else {}
    config = json.dumps(_config(trained, recipe), indent=2, ensure_ascii=False) + "\n"
    weights = save(apart(trained.weights), {"format": "pt"})  # one entry: with more, their order would be by chance
    return Product(
        {
            "config.json": config.encode(),
            "model.safetensors": weights,
            "README.md": subject.card.encode(),
            **code,
        },
        f"with the code of the network: {', '.join(code)}" if code else "",
    )


def _config(trained: Trained, recipe: Recipe) -> dict[str, Any]:
    """What another program needs to build the network and to feed it, under the names that the hub's models use."""
    channels, height, width = trained.shape
    mean, sd = ([one / 255 for one in values] for values in trained.scaling)
    return {
        "model_type": "ablab",
        "architecture": name_within(recipe.model),
        "options": recipe.options,
        "num_channels": channels,
        "image_size": [height, width],
        "image_mean": mean,  # of pixels from 0 to 1
        "image_std": sd,
        "test_time_views": recipe.tta,
        "input": INPUT,
        "num_labels": len(trained.classes),
        "id2label": {str(number): name for number, name in enumerate(trained.classes)},
        "label2id": {name: number for number, name in enumerate(trained.classes)},
        "recipe": trained.recipe,
        "seed": trained.seed,
        "epoch": trained.epoch,
        "ablab_version": VERSION,
    }
