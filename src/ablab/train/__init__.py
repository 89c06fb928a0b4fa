"""One recipe, one seed: `train` tells the story of a run as events."""
