"""What network.py imports from its own folder."""

from torch import nn


def block(inputs: int, outputs: int) -> nn.Sequential:
    """Convolution, batch norm, ReLU and pooling."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)
    )
