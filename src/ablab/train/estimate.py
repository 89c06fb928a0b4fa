"""How long an epoch will take, from two steps that change nothing."""

import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ablab.models.initial import borrowed_generator
from ablab.train.device import Hardware


def step_seconds(net: nn.Module, images: Tensor, labels: Tensor, hardware: Hardware) -> float:
    """Seconds forward and backward for these images, f32[B,C,H,W]; nothing about the network is changed."""
    parameters = [one for one in net.parameters() if one.requires_grad]
    buffers = {name: one.clone() for name, one in net.named_buffers()}
    was_training = net.training
    net.train()
    times = []
    try:
        with borrowed_generator(0, hardware.device), torch.enable_grad():
            for _ in range(2):  # the first makes the kernels, which the steps of the run will find made
                begun = time.monotonic()
                with hardware.autocast():
                    out = torch.func.functional_call(net, buffers, images)
                loss = F.cross_entropy(out.float(), labels)
                gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
                next(one for one in gradients if one is not None).flatten()[0].item()  # waits for the device
                times.append(time.monotonic() - begun)
    finally:
        net.train(was_training)
    return min(times)
