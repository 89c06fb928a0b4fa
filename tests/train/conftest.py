"""The small data that these tests train on."""

from patches import splits as splits
