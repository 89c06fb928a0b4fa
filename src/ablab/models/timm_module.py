"""A network of timm by its name, `timm:resnet18`, with the classes and channels of the data (Wightman 2019).

timm imports torchvision, so ablab does without both until such a name is used. Nothing is downloaded: pretrained
weights come from a file, `init = "FILE.safetensors"`. A recipe has timm's version behind the name, so that a network
which another version builds otherwise is another recipe.
"""

import importlib
from typing import TYPE_CHECKING, Any

from torch import nn

from ablab.errors import ModelError, did_you_mean
from ablab.models.user_module import check_made
from ablab.operations import TIMM
from ablab.own_code import told

if TYPE_CHECKING:
    from ablab.models import Io

FIXED = {"num_classes": "comes from the data", "in_chans": "comes from the data"}
FIXED |= {"pretrained": 'ablab downloads nothing; start from a file of weights: init="FILE.safetensors"'}


def is_timm(name: str) -> bool:
    """Whether a network is timm's."""
    return name.startswith(TIMM)


def build_timm(name: str, io: "Io", options: dict[str, Any]) -> nn.Module:
    """The network that timm calls so, made with these options beside its classes and channels, and checked."""
    own, _, version = name.removeprefix(TIMM).partition("@")
    try:
        timm = importlib.import_module("timm")
    except ImportError as missing:
        raise ModelError(f'"{name}" needs timm, which needs torchvision: pip install timm ({missing})') from None
    if version and version != timm.__version__:
        raise ModelError(
            f'"{name}" is a network of timm {version}, and timm {timm.__version__} is installed: install timm '
            f"{version}, or leave out the version, {TIMM}{own}, which makes a different recipe"
        )
    known = timm.list_models()
    if own not in known:
        near = did_you_mean(own, known)  # there are more than a thousand
        hint = near if near.endswith("?") else "all names: timm.list_models()"
        raise ModelError(f'timm {timm.__version__} has no network "{own}": {hint}')
    if fixed := next((key for key in options if key in FIXED), None):
        raise ModelError(f'"{name}": {fixed} cannot be set: {FIXED[fixed]}')
    try:
        net = timm.create_model(own, pretrained=False, num_classes=io.classes, in_chans=io.channels, **options)
    except Exception as error:
        raise ModelError(f'"{name}" could not be made: {told(error)}') from error
    check_made(net, io, name)
    return net  # type: ignore[no-any-return]
