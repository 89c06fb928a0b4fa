"""The words of a report with their meanings, for legends and for the list at its end."""

WORDS = {
    "recipe": "everything that decides a training run except the seed.",
    "run": "one recipe trained with one seed.",
    "variant": "a named change to the base recipe.",
    "pair": "a run of the base and one of a variant with the same seed: the same validation images, order and random "
    "draws.",
    "effect": "mean over pairs of the variant's figure on the test images minus the base's.",
    "interval": "a range that contains the true effect in the stated share of repeats of the study with other seeds, "
    "or more.",
    "margin": "the smallest effect that the study calls worth having.",
    "helps, hurts": "the interval excludes zero and does not lie within the margin.",
    "no practical difference": "the interval lies within the margin on both sides of zero.",
    "undecided": "neither: the runs cannot tell. This does not mean that there is no difference.",
    "n": "number of seed pairs, or of runs, behind a figure.",
    "sd": "the spread of the differences from seed to seed.",
    "gap": "training minus test accuracy: how much better a network does on the images that it was trained on.",
    "precision": "of the images predicted to be of this class, the share that is.",
    "recall": "of the images of this class, the share predicted to be of it.",
    "F1": "the harmonic mean of precision and recall.",
    "MAC": "one multiplication and one addition; two FLOPs.",
    "FLOPs": "additions and multiplications. Training counts six for each MAC and image: two forward, four back.",
    "Pareto front": "the recipes that no other recipe beats in both accuracy and cost.",
    "plan": "question, recipes, rule and data, fixed before the runs; its hash changes if any of them changes.",
    "ledger": "how often this store had used the test images before.",
}
