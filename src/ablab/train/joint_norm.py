"""Batch norm over the whole batch, where several processes have a part of it each. PyTorch's own needs GPUs."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ablab.models.part import Part, Sharing
from ablab.train.together import Team


class JointNorm(_BatchNorm, Sharing):
    """A batch norm's parameters and statistics under their names; outside of training steps it is that norm."""

    def __init__(self, norm: _BatchNorm, team: Team) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        self._parameters, self._buffers, self.training = norm._parameters, norm._buffers, norm.training
        self.team = team

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of dimensions will do: statistics are those of dimension 1."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.part is None:
            return super().forward(input)
        x = input if input.dtype == torch.float64 else input.float()
        out: Tensor
        out, mean, variance, count = _Normalised.apply(x, self.eps, self.team, self.part)  # type: ignore[no-untyped-call]
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
            self.running_var.lerp_((variance * (count / (count - 1))).to(self.running_var.dtype), share)
        if self.affine:
            out = out * _across(self.weight, x) + _across(self.bias, x)
        return out.to(input.dtype)


class _Normalised(torch.autograd.Function):
    """Values less the mean of the whole batch, over its standard deviation; in two passes, as rounding demands.

    E[x^2] - E[x]^2 would lose all digits where the mean is far from 0.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float, team: Team, part: Part) -> tuple[Tensor, Tensor, Tensor, float]:
        count = x.numel() / x.shape[1] / len(x) * part.whole
        mean = team.sum(_total(x) * part.counts) / count
        centred = x - _across(mean, x)
        variance = team.sum(_total(centred.square()) * part.counts) / count
        scale = torch.rsqrt(variance + eps)
        out = centred * _across(scale, x)
        ctx.save_for_backward(out, scale)
        ctx.count, ctx.team, ctx.part = count, team, part
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance, count

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Tensor, None, None, None]:
        out, scale = ctx.saved_tensors
        sums = torch.stack([_total(gradient), _total(gradient * out)])
        mean, slope = ctx.team.sum(sums * ctx.part.counts) / ctx.count
        moved = gradient - _across(mean, out) - out * _across(slope, out)
        return moved * _across(scale * ctx.part.counts, out), None, None, None


def joined(net: nn.Module, team: Team) -> nn.Module:
    """The network with batch norms that span the processes of a team, over the same weights and names."""
    if isinstance(net, _BatchNorm):
        return JointNorm(net, team)
    for name, layer in net.named_children():
        setattr(net, name, joined(layer, team))
    return net


def _total(x: Tensor) -> Tensor:
    """The sum for each channel, [N,C,...] -> [C]."""
    return x.sum([0, *range(2, x.ndim)])


def _across(channels: Tensor, x: Tensor) -> Tensor:
    """A number for each channel in the shape of the values."""
    return channels.view(1, -1, *[1] * (x.ndim - 2))
