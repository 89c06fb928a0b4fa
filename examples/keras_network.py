"""Keras: does dropout help a small network on noisy labels? Takes about a minute."""

from typing import Any

import keras
import numpy as np

import ablab


def spirals(seed: int, images: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Points on two noisy spirals, and which of them each is on."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 2, images)
    turns = np.sqrt(draw.uniform(0.05, 1, images)) * 2 * np.pi
    angles = turns + np.pi * labels
    points = np.stack([turns * np.cos(angles), turns * np.sin(angles)], 1) + draw.normal(0, 0.3, (images, 2))
    return points.astype("float32") / 6, labels


def accuracy(arguments: dict[str, Any], seed: int) -> float:
    """Train on one draw of points and measure on another; the seed settles both, the weights and the order."""
    keras.utils.set_random_seed(seed)
    (points, labels), (test_points, test_labels) = spirals(seed), spirals(seed + 1_000_000)
    network = keras.Sequential(
        [
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dropout(arguments["dropout"]),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    network.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    network.fit(points, labels, epochs=15, batch_size=50, verbose=0)
    return float(network.evaluate(test_points, test_labels, verbose=0)[1])


result = ablab.compare_function(
    accuracy,
    base={"dropout": 0.0},
    variants={"dropout": {"dropout": 0.5}},
    unit="%",
    chance=0.5,
    examples=600,
    margin=2.0,
    seeds="3..5",
)
print(result.verdicts[0].sentence)
