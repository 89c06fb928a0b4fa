"""onnx: a file for ONNX Runtime and whatever else reads ONNX, checked with ONNX Runtime before it is written."""

import contextlib
import json
import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any

import onnxruntime
import torch
from torch import Tensor

from ablab.catalogue import mark
from ablab.errors import InputError
from ablab.export import Product, Subject
from ablab.export.pictures import INPUT, PictureNetwork, compared, program, trials

OPSET = 18
AXES = ("batch", "channels", "height", "width")  # the names of those that are open
MOST_BYTES = 2**31 - 1  # of one file: what a message of protobuf can hold


@mark("format", "onnx", suffix=".onnx", needs=("onnx", "onnxruntime", "onnxscript"), extra="onnx")
def onnx(subject: Subject) -> Product:
    """A graph for uint8 pictures of any size; class names and facts are JSON in its metadata."""
    net = PictureNetwork(subject.trained)
    content = _converted(net, subject)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def run(images: Tensor) -> Tensor:
        return torch.from_numpy(session.run(None, {"images": images.numpy()})[0])

    pictures, difference = compared(net, run, subject)
    return Product(
        content,
        f"checked with ONNX Runtime {onnxruntime.__version__}: the same predictions for {pictures}; "
        f"logits differ by at most {difference:.1g}",
    )


def _converted(net: PictureNetwork, subject: Subject) -> bytes:
    made = program(net, next(trials(subject))[:3])
    with _quiet():
        try:
            graph: Any = torch.onnx.export(
                made,
                input_names=["images"],
                output_names=["logits"],
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
            model = graph.model_proto
        except torch.onnx.OnnxExporterError as error:
            raise InputError(_why(error)) from error
    facts = {**subject.trained.facts, "input": INPUT, "output": "logits [batch, classes]"}
    for key, value in (("classes", subject.trained.classes), ("ablab", facts)):
        model.metadata_props.add(key=key, value=json.dumps(value))
    for value in (*model.graph.input, *model.graph.output):
        for name, axis in zip(AXES, value.type.tensor_type.shape.dim, strict=False):
            if axis.dim_param:
                axis.dim_param = name
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]  # how torch came to each operation, which is of no use to others
    if (size := model.ByteSize()) > MOST_BYTES:
        raise InputError(f"this network takes {size:,} bytes, more than one ONNX file can hold: use --to torch-export")
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _why(error: Exception) -> str:
    """The operation that stands in the way, if torch names one."""
    missing = re.search(r"No ONNX function found for <OpOverload\(op='([\w.]+)'", str(error))
    if missing:
        return f"ONNX has no operation for {missing[1]}, which this network uses: --to torch-export takes any operation"
    return f"torch cannot write this network as ONNX: {error.__cause__ or error}".splitlines()[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch's exporter says of packages that are not installed and of its own future."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(before)
