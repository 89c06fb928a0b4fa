"""Names that other programs give to the keys of a recipe: not taken, but known well enough for the right hint."""

KEYS = {
    "amp": "precision",
    "arch": "model",
    "architecture": "model",
    "augmentation": "augment",
    "batch_size": "batch",
    "batchsize": "batch",
    "bs": "batch",
    "criterion": "loss",
    "dataset": "data",
    "dtype": "precision",
    "early_stopping": "patience",
    "grad_clip": "clip",
    "gradient_accumulation_steps": "batch_split",
    "image_size": "size",
    "img_size": "size",
    "initializer": "init",
    "l2": "weight_decay",
    "learning_rate": "lr",
    "loss_fn": "loss",
    "lr_schedule": "schedule",
    "lr_scheduler": "schedule",
    "max_epochs": "epochs",
    "max_grad_norm": "clip",
    "max_steps": "steps",
    "mixed_precision": "precision",
    "n_epochs": "epochs",
    "net": "model",
    "network": "model",
    "num_epochs": "epochs",
    "optim": "optimizer",
    "scheduler": "schedule",
    "smoothing": "label_smoothing",
    "transform": "augment",
    "transforms": "augment",
    "val_split": "val",
    "validation_split": "val",
    "warmup_epochs": "warmup",
    "wd": "weight_decay",
}
# Where the value means something else here, what to write.
TEXTS = {
    "freeze": "train_only=head",
    "gpu": "device=cuda",
    "gpus": "device=cuda",
    "momentum": 'optimizer="sgd(momentum=0.9)"',
    "nesterov": 'optimizer="sgd(momentum=0.9, nesterov=true)"',
    "pretrained": "init=FILE.safetensors",
    "weights": "init=FILE.safetensors",
}
SEED = "use --seed 3 with ablab train, or seeds in the [decide] section of a study"


def hint(name: str, value: str) -> str:
    """What to write instead of a key that another program has; empty where nothing is certain.

    >>> hint("batch_size", "64"), hint("pretrained", "true")
    ('write batch=64', 'write init=FILE.safetensors')
    """
    plain = _plain(name)
    if plain in ("seed", "seeds"):
        return SEED
    text = TEXTS.get(plain) or (f"{KEYS[plain]}={value or '...'}" if plain in KEYS else "")
    return f"write {text}" if text else ""


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
