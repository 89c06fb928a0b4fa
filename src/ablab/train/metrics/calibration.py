"""Calibration: does a network that is 80 % sure get 80 % right?"""

import torch
from torch import Tensor

from ablab.catalogue import mark

BINS = 15  # of equal width, as in Guo et al. 2017


@mark("metric", "ece", title="calibration error", unit="%", direction="lower")
def ece(logits: Tensor, labels: Tensor) -> float:
    """Expected calibration error: how far confidence is from accuracy, over bins of confidence, by their images."""
    sure, given = logits.double().softmax(1).max(1)
    right = (given == labels).double()
    place = (sure * BINS).ceil().clamp(1, BINS).long() - 1  # a bin has its upper end
    gap = torch.zeros(BINS, dtype=torch.float64, device=logits.device).index_add_(0, place, sure - right)
    return float(gap.abs().sum() / len(labels))
