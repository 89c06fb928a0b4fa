"""A study file to begin with: a whole study that runs as it is, every line explained."""

import json

from ablab.errors import InputError
from ablab.recipe import Recipe

VARIANTS = {"batch norm": "norm=batch", "crop + flip": "augment=crop(4)+flip"}  # of those, what the network takes


def begun_text(*, model: str, data: str) -> str:
    """The text of a study of a network on data, with comments; an error for a network that is not known."""
    base = Recipe.of({"model": model, "data": data, "epochs": 5})
    variants = "\n".join(f'"{name}" = "{change}"' for name, change in VARIANTS.items() if _fits(base, change))
    return f"""# What do you want to know? The report shows the question at the top.
question = "Which of these changes help?"

# The base recipe. You may set any recipe key here; ablab recipe lists the keys with their defaults.
data = {json.dumps(data, ensure_ascii=False)}  # cifar10, cifar100, a folder of pictures, an .npz file: ablab data list
model = {json.dumps(model)}  # ablab models lists the networks
epochs = 5

# Each variant is the base with one change, written as on the command line. Write one line for each variant.
[variants]
{variants}

[decide]
margin = 1.0           # the smallest effect worth having, in percentage points of accuracy
seeds = "3..10"        # runs of each recipe: at first, and at most; undecided variants get more
# confidence = 0.95    # for all verdicts of the study together
# metric = "accuracy"  # or "loss", "gap", "epochs_to(70)", "train_seconds", ...
# budget = "30m"       # of training, or "40 runs"; when it is spent, the verdicts stay as they are

# The same question at another size, for ablab run STUDY --scale full
# [full]
# epochs = 30
"""


def _fits(base: Recipe, change: str) -> bool:
    try:
        base.with_(change)
    except InputError:
        return False
    return True
