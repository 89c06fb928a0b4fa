"""The text of the smallest study that is trained: two recipes, three seeds, one epoch of 200 images."""

import json

DATA = "phantom(train=200, test=50)"


def small_study(*variants: str, question: str = "Does batch norm help?", **keys: str | int) -> str:
    """The study with these lines of variants, or with batch norm; `keys` are more keys of its recipe, or new values."""
    recipe = {"data": DATA, "epochs": 1, "batch": 50, **keys}
    lines = [f"question = {json.dumps(question)}", *(f"{key} = {json.dumps(value)}" for key, value in recipe.items())]
    lines += ["[variants]", *(variants or ['"batch norm" = "norm=batch"']), "[decide]", "margin = 1.0", "seeds = 3"]
    return "\n".join(lines) + "\n"
