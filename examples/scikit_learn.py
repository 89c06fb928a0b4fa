"""Scikit-learn: do more trees, or deeper ones, classify handwritten digits better? Takes some seconds.

Run it twice: what is in the store is not trained again.
"""

from typing import Any

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import ablab


def accuracy(arguments: dict[str, Any], seed: int) -> float:
    """Train a forest on a split that the seed draws, so that base and variant share it; its share of right answers."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images, labels, test_size=500, random_state=seed, stratify=labels)
    train_images, test_images, train_labels, test_labels = parts
    forest = RandomForestClassifier(random_state=seed, **arguments).fit(train_images, train_labels)
    return float(forest.score(test_images, test_labels))


result = ablab.compare_function(
    accuracy,
    base={"n_estimators": 10, "max_depth": 8},
    variants={"more trees": {"n_estimators": 60}, "deeper trees": {"max_depth": 12}},
    question="Do more trees, or deeper ones, classify digits better?",
    unit="%",  # the function gives shares from 0 to 1
    examples=500,
    margin=1.0,  # percentage points
    seeds="3..12",
)
for verdict in result.verdicts:
    print(verdict.sentence)
