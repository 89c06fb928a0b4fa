"""torch-export: a program for torch alone, which runs without ablab and gives the same bits."""

import io
import json

import torch

from ablab.catalogue import mark
from ablab.errors import InputError
from ablab.export import Product, Subject
from ablab.export.pictures import INPUT, PictureNetwork, compared, program, trials


@mark("format", "torch-export", suffix=".pt2")
def torch_export(subject: Subject) -> Product:
    """A program of torch.export for uint8 pictures; class names and facts are JSON in its extra files."""
    net = PictureNetwork(subject.trained)
    made = program(net, next(trials(subject))[:3])
    made.example_inputs = None  # they would be a pickle in the file
    pictures, difference = compared(net, made.module(), subject)
    if difference:
        raise InputError(f"the program differs from the network by up to {difference:.2g}: nothing was written")
    file = io.BytesIO()
    facts = {**subject.trained.facts, "input": INPUT, "output": "logits [batch, classes]"}
    extra = {"classes.json": json.dumps(subject.trained.classes), "ablab.json": json.dumps(facts)}
    torch.export.save(made, file, extra_files=extra)
    return Product(file.getvalue(), f"checked with torch {torch.__version__}: the same bits for {pictures}")
