"""The words of a report with their meanings, for legends and for the list at its end."""

WORDS = {
    "recipe": "everything that decides a training run except the seed.",
    "run": "one recipe trained with one seed.",
    "variant": "a named change to the base recipe.",
    "pair": "a run of the base and one of a variant with the same seed: same validation images, order and draws.",
    "effect": "mean over pairs of the variant's figure on the test images minus the base's.",
    "interval": "between its ends the effect lies, if the study were repeated with other seeds, as often as the "
    "confidence says.",
    "margin": "the smallest effect that is worth having, as the study says it.",
    "helps, hurts": "the interval excludes zero and does not lie within the margin.",
    "no practical difference": "the interval lies within the margin on both sides of zero.",
    "undecided": "neither: the runs cannot tell. It is not the same as no difference.",
    "n": "pairs of seeds, or runs, that a figure rests on.",
    "sd": "the spread of the differences from seed to seed.",
    "gap": "training minus test accuracy: what a network knows of its own images alone.",
    "precision": "of the images that were given this class, the share that are of it.",
    "recall": "of the images of this class, the share that were given it.",
    "F1": "one figure from precision and recall: twice their product over their sum.",
    "MAC": "one multiplication and one addition; two FLOPs.",
    "FLOPs": "additions and multiplications. Training counts six for each MAC and image: two forward, four back.",
    "Pareto front": "the recipes that no other one beats: none is as accurate and cheaper.",
    "plan": "question, recipes, rule and data, as they were before the runs; its hash changes if any of them does.",
    "ledger": "how often the test images had been looked at before in this store.",
}
