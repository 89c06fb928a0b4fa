"""A program that knows nothing of ablab: a perceptron without any library. It prints its result as a line of JSON."""

import argparse
import json
import random

words = argparse.ArgumentParser()
words.add_argument("--seed", type=int, required=True)
words.add_argument("--epochs", type=int, default=1)
words.add_argument("--averaged", action="store_true")
given = words.parse_args()

draw = random.Random(given.seed)
truth = [draw.gauss(0, 1) for _ in range(20)]


def examples(number: int) -> list[tuple[list[float], int]]:
    points = [[draw.gauss(0, 1) for _ in truth] for _ in range(number)]
    sides = [sum(x * w for x, w in zip(point, truth, strict=True)) + draw.gauss(0, 1.5) > 0 for point in points]
    return [(point, 1 if side else -1) for point, side in zip(points, sides, strict=True)]


def score(weights: list[float], point: list[float]) -> float:
    return sum(x * w for x, w in zip(point, weights, strict=True))


train, test = examples(300), examples(1000)
weights, total = [0.0] * len(truth), [0.0] * len(truth)
for _ in range(given.epochs):
    for point, side in train:
        if side * score(weights, point) <= 0:
            weights = [w + side * x for w, x in zip(weights, point, strict=True)]
        total = [t + w for t, w in zip(total, weights, strict=True)]
chosen = total if given.averaged else weights
right = sum(side * score(chosen, point) > 0 for point, side in test)
print(json.dumps({"accuracy": right / len(test)}))
