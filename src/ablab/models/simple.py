"""simple-nn: two convolutions and three linear layers, small enough to train on a laptop's CPU."""

from torch import nn

from ablab.find import mark
from ablab.models import Io
from ablab.models.blocks import activation as act
from ablab.models.blocks import dropout as drop
from ablab.models.blocks import norm as normed
from ablab.models.blocks import scaled, stack
from ablab.models.shapes import shape_after


@mark("model", "simple-nn")
def simple_nn(
    io: Io, *, norm: str = "none", activation: str = "relu", dropout: float = 0.0, width: float = 1.0
) -> nn.Module:
    """Two convolutions with max-pooling, then linear layers of 120 and 84; 82,030 parameters at 10 classes.

    LeNet-5's shape (LeCun et al. 1998) on colour pictures. The norm follows each convolution, dropout each hidden
    linear layer; `width` scales channels and hidden sizes alike.
    """
    first, second, hidden1, hidden2 = (scaled(n, width) for n in (8, 16, 120, 84))
    features = stack(
        conv1=nn.Conv2d(io.channels, first, 5),  # (3, 32, 32) -> (8, 28, 28)
        norm1=normed(norm, first),
        act1=act(activation),
        pool1=nn.MaxPool2d(2),  # -> (8, 14, 14)
        conv2=nn.Conv2d(first, second, 3),  # -> (16, 12, 12)
        norm2=normed(norm, second),
        act2=act(activation),
        pool2=nn.MaxPool2d(2),  # -> (16, 6, 6)
        flatten=nn.Flatten(),
    )
    (flat,) = shape_after(features, io.in_shape, "simple-nn")  # 576
    return stack(
        **dict(features.named_children()),
        linear1=nn.Linear(flat, hidden1),
        act3=act(activation),
        drop1=drop(dropout),
        linear2=nn.Linear(hidden1, hidden2),
        act4=act(activation),
        drop2=drop(dropout),
        linear3=nn.Linear(hidden2, io.classes),
    )
