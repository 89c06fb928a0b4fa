"""Words in the names of columns that say what a figure is, in small letters and without digits at their ends."""

import re

LOSSES = {"loss", "nll", "xent", "ce", "mse", "rmse", "mae", "squared", "absolute", "perplexity", "ppl", "brier", "bpd"}
TIMES = {"seconds", "time", "runtime", "latency", "duration"}
ERRORS = {"error", "err", "errors", "misclassification"}
ACCURACIES = {"accuracy", "accuracies", "acc", "top", "precision", "recall", "f", "auc", "auroc", "iou", "miou", "dice"}


def words_of(name: str) -> set[str]:
    """The words of a name, in small letters.

    >>> sorted(words_of("val/top1_acc")), sorted(words_of("testError"))
    (['acc', 'top', 'val'], ['error', 'test'])
    """
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
