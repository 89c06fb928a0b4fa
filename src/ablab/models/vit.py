"""Vision transformer for small pictures: patches as words of a sentence (Dosovitskiy et al. 2021)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ablab.catalogue import mark
from ablab.errors import ModelError
from ablab.models import Io
from ablab.models.blocks import scaled, stack
from ablab.models.style import Style


@mark("model", "vit-small")
def vit_small(
    io: Io,
    *,
    dim: int = 384,
    depth: int = 12,
    heads: int = 6,
    patch: int = 4,
    mlp: float = 4.0,
    style: Style = Style(shortcut=True, norm=None, activation="gelu"),
) -> nn.Module:
    """ViT-S with patches of 4 (Dosovitskiy et al. 2021, at the size of Touvron et al. 2021); 21,342,346 parameters.

    A class token and learned places; norms stand before attention and before the two dense layers of each block, which
    are `mlp` times as wide inside. Dropout is behind both parts of a block.
    """
    for key, number in (("dim", dim), ("depth", depth), ("heads", heads), ("patch", patch)):
        if number < 1:
            raise ModelError(f"{key} = {number}: write a whole number of at least 1")
    if io.height % patch or io.width % patch:
        size = f"{io.channels}x{io.height}x{io.width}"
        raise ModelError(
            f'"vit-small" cannot take images of {size}: layer "patches" receives {size}, which does not divide into '
            f"squares of patch = {patch}"
        )
    words = style.scaled(dim)
    if words % heads:
        raise ModelError(f"heads = {heads}: {words} numbers a word cannot be shared among so many")
    inner = scaled(words, mlp)

    def block() -> nn.Sequential:
        return stack(
            attention=style.residual(norm=nn.LayerNorm(words), attend=Attention(words, heads), drop=style.drop()),
            mlp=style.residual(
                norm=nn.LayerNorm(words),
                linear1=nn.Linear(words, inner),
                act=style.act(),
                linear2=nn.Linear(inner, words),
                drop=style.drop(),
            ),
        )

    return stack(
        patches=nn.Conv2d(io.channels, words, patch, patch),
        places=Places(words, (io.height // patch) * (io.width // patch)),
        **{f"block{number}": block() for number in range(1, depth + 1)},
        norm=nn.LayerNorm(words),
        first=First(),
        head=nn.Linear(words, io.classes),
    )


class Places(nn.Module):
    """Maps as a sentence with a class token in front, and a learned vector added for every place."""

    def __init__(self, words: int, places: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(1, 1, words))
        self.place = nn.Parameter(torch.empty(1, places + 1, words))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.trunc_normal_(self.token, std=0.02)
        nn.init.trunc_normal_(self.place, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        sentence = x.flatten(2).transpose(1, 2)  # [B,D,H,W] -> [B,H*W,D]
        return torch.cat([self.token.expand(x.shape[0], -1, -1), sentence], 1) + self.place


class Attention(nn.Module):
    """Every word looks at all words, in several ways at once."""

    def __init__(self, words: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(words, 3 * words)  # queries, keys and values
        self.answer = nn.Linear(words, words)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, words = x.shape
        asked = self.ask(x).view(batch, length, 3, self.heads, words // self.heads).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(asked[0], asked[1], asked[2])  # [B,heads,length,D/heads]
        out: Tensor = self.answer(seen.transpose(1, 2).reshape(batch, length, words))
        return out


class First(nn.Module):
    """The class token alone."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0]
