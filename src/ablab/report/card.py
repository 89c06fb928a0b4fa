"""The model card of a run: what it is, how well it does, what studies said of its recipe, and how to use it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ablab.nouns import counted
from ablab.records import DataFacts, Run
from ablab.report.table import table
from ablab.report.writers import markdown
from ablab.result import Result, answered
from ablab.statistics.confusion import confusion, mistakes, unpacked
from ablab.statistics.failures import rate_interval
from ablab.version import VERSION

MOST_CLASSES = 20  # in a matrix that a page has room for
USE = """```python
import json

import torch
import ablab
from ablab.models import Io
from safetensors.torch import load_file

config = json.load(open("config.json"))
shape = Io(config["num_channels"], *config["image_size"], config["num_labels"])
net = ablab.build(config["architecture"], shape, **config["options"]).eval()
net.load_state_dict(load_file("model.safetensors"))
mean, sd = (torch.tensor(config[key]).view(-1, 1, 1) for key in ("image_mean", "image_std"))
images = torch.zeros(1, shape.channels, shape.height, shape.width)  # yours, with values from 0 to 1
print(config["id2label"][str(net((images - mean) / sd).argmax().item())])
```"""


def model_card(run: Run, recipe: str, classes: Sequence[str], data: DataFacts | None, results: Sequence[Result]) -> str:
    """The card in Markdown, with the front matter that Hugging Face's hub reads. `recipe` is TOML."""
    parts = [_front(run), *_about(run, classes), *_verdicts(run, results), *_mistakes(run, data)]
    return "\n\n".join([*parts, "## Recipe", f"```toml\n{recipe.strip()}\n```", "## Use", USE]) + "\n"


def _front(run: Run) -> str:
    """YAML, whose strings may be those of JSON."""
    data = run.spec.recipe.data
    lines = [
        "---",
        "# license: choose one before you publish, such as mit",
        "library_name: ablab",
        "pipeline_tag: image-classification",
        "tags: [image-classification, pytorch, safetensors, ablab]",
    ]
    if run.test:
        dataset = f"{{type: {json.dumps(data)}, name: {json.dumps(data)}, split: test}}"
        metric = f"{{type: accuracy, value: {run.test.accuracy:.6g}}}"
        lines += [
            "model-index:",
            f"  - name: {json.dumps(run.spec.recipe.model)}",
            "    results:",
            f"      - {{task: {{type: image-classification}}, dataset: {dataset}, metrics: [{metric}]}}",
        ]
    return "\n".join([*lines, "---"])


def _about(run: Run, classes: Sequence[str]) -> Iterator[str]:
    recipe = run.spec.recipe
    yield f"# {markdown.escape(recipe.model)} trained on {markdown.escape(recipe.data)}"
    yield (
        f"Run `{run.id}` of ablab {VERSION}, seed {run.spec.seed}: the weights of epoch {run.selected_epoch} of "
        f"{len(run.curve)}, {counted(run.cost.parameters, 'parameter')}."
    )
    if run.test:
        right = round(run.test.accuracy * run.test.images)
        low, high = rate_interval(right, run.test.images)
        biased = " The epoch was chosen on these images, so the figure is biased." if recipe.select == "test" else ""
        yield (
            f"**Test accuracy: {run.test.points:.2f} %** of {counted(run.test.images, 'image')} (95 % interval "
            f"{100 * low:.2f} to {100 * high:.2f}, for other images like these). It is one run; another seed gives "
            f"another figure.{biased}"
        )
    yield f"Classes, in the order of the outputs: {', '.join(markdown.escape(name) for name in classes)}."


def _verdicts(run: Run, results: Sequence[Result]) -> Iterator[str]:
    """What every study that has this run said of the run's recipe, or of variants of it."""
    lines = []
    for result in results:
        name = result.study.names.get(run.spec.recipe.hash)
        for verdict in result.verdicts:
            if result.arms and name in (result.arms[0].name, verdict.variant):
                question = markdown.escape(result.study.question)
                lines.append(f"- {question} {markdown.escape(verdict.sentence)} (plan `{result.plan.hash}`)")
    if lines:
        yield "## Verdicts"
        yield "The recipe of this run was compared in these studies:"
        yield "\n".join(lines)


def _mistakes(run: Run, data: DataFacts | None) -> Iterator[str]:
    """The confusion matrix where a page has room for it, else the most common mistakes."""
    if data is None or not answered([run], data):
        return
    size = len(data.classes)
    matrix = confusion(data.labels, unpacked(run.predictions, size), size)
    yield "## Confusion matrix"
    if size <= MOST_CLASSES:
        rows = [[name, *map(str, row)] for name, row in zip(data.classes, matrix.tolist(), strict=True)]
        heads = ["true class", *(f"{name} >" for name in data.classes)]
        yield markdown.write(table("confusion", heads, rows, caption="Each column is a prediction."))
        return
    yield _most_common(matrix, data.classes)


def _most_common(matrix: Any, classes: Sequence[str]) -> str:
    rows = [
        [classes[each.true], classes[each.given], str(each.count), f"{100 * each.share:.1f} %"]
        for each in mistakes(matrix, 10)
    ]
    heads = ("true class", "predicted", "images >", "of the class >")
    return markdown.write(table("mistakes", heads, rows, caption="The ten most common mistakes."))
