"""One step: pixels to numbers, forward, loss, backward, update. The seam for speed work and for two-pass methods."""

from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from ablab.data.augment.cut import Images
from ablab.errors import OutOfMemory
from ablab.models.part import Part, sharing
from ablab.train.device import Hardware
from ablab.train.losses import Loss, correct
from ablab.train.pixels import Pixels
from ablab.train.recorded import Passes, Recorded
from ablab.train.running import entrance
from ablab.train.state import State
from ablab.train.together import ALONE, Team

LOSS, RIGHT, NORM = range(3)  # what a step gives: sum of the losses, number right, norm of the gradient


class Step(Protocol):
    """Moves the weights once; of a batch that processes share, it is given this one's part."""

    def __call__(self, images: Images, targets: Tensor, lr: float, part: Part | None = None) -> Tensor: ...


def make_step(
    state: State,
    pixels: Pixels,
    hardware: Hardware,
    loss_of: Loss,
    *,
    running: nn.Module | None = None,
    l1: float = 0.0,
    clip: float | None = None,
    split: int | Literal["auto"] = 1,
    compiled: bool = False,
    recorded: bool = False,
    team: Team = ALONE,
) -> Step:
    """A function (images, targets, lr, part) -> f32[3] that moves the weights once.

    What it gives stays on the device: reading a number there would wait for all that is queued. A batch that is split
    goes through the network in parts whose gradients add up to the batch's; only batch norm sees the difference. With
    "auto" it is split in two for as long as memory runs out. Recorded, its passes are one CUDA graph. `running` is a
    faster form of the state's network over the same parameters, which is called in its place. Each process of a team is
    given its part of the batch, and gives sums over that part.
    """
    forward = entrance(torch.compile(state.net) if compiled else running or state.net, pixels)
    optimizer, scaler, average = state.optimizer, state.scaler, state.average
    trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    pulled = [
        p for group in optimizer.param_groups if group["weight_decay"] or l1 for p in group["params"] if p.ndim > 1
    ]
    parts = 1 if split == "auto" else split
    informed = list(sharing(state.net)) if team.size > 1 else []
    taken = Part(0, 0, 0)
    passes: Passes

    def step(images: Images, targets: Tensor, lr: float, part: Part | None = None) -> Tensor:
        nonlocal parts, passes, taken
        taken = part or Part(0, len(images), len(images))
        targets = targets.to(hardware.device, non_blocking=True)  # i64[B] or f32[B,K]
        for group in optimizer.param_groups:
            group["lr"] = lr * group["scale"]
        while True:
            try:
                seen = passes(images, targets)
                break
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if split != "auto" or parts >= len(images):
                    raise OutOfMemory(_advice(images, parts, str(error))) from None
                parts *= 2
                passes = backward  # what was recorded has the old number of parts
        return torch.stack([*seen, update()])

    def backward(images: Images, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of the whole batch; the sum of the losses and the number right."""
        optimizer.zero_grad(set_to_none=True)
        losses, rights = [], []
        size = -(-len(images) // parts)
        for at in range(0, len(images), size):
            some, wanted = images[at : at + size], targets[at : at + size]
            part = taken.within(at, at + len(some))
            for layer in informed:
                layer.part = part
            with hardware.autocast():
                logits = forward(some)  # u8[B,C,H,W] -> [B,K]
            loss = loss_of(logits, wanted)
            share = loss * part.share if parts > 1 or team.size > 1 else loss
            torch.autograd.backward(scaler.scale(share) if scaler else share)
            losses.append(loss.detach() * len(some))
            rights.append(correct(logits.detach(), wanted).float())
        for layer in informed:
            layer.part = None
        return (losses[0], rights[0]) if parts == 1 else (torch.stack(losses).sum(), torch.stack(rights).sum())

    def update() -> Tensor:
        """Move the weights; the norm of the gradient before it was clipped."""
        team.add_gradients(state.net, trained, taken)
        if scaler:
            scaler.unscale_(optimizer)
        if l1:
            gradients = [(p, p.grad) for p in pulled if p.grad is not None]
            torch._foreach_add_(
                [g for _, g in gradients], torch._foreach_sign([p.detach() for p, _ in gradients]), alpha=l1
            )
        norm = gradient_norm(trained)
        if clip is not None:
            torch._foreach_mul_([p.grad for p in trained if p.grad is not None], (clip / (norm + 1e-6)).clamp(max=1.0))
        if scaler:
            scaler.step(optimizer)
            scaler.update()
        else:
            optimizer.step()
        if average:
            average.follow()
        return norm

    passes = Recorded(backward, state.net, trained) if recorded else backward
    return step


def gradient_norm(parameters: list[nn.Parameter]) -> Tensor:
    """The length of all gradients as one vector."""
    norms: tuple[Tensor, ...] = torch._foreach_norm([p.grad for p in parameters if p.grad is not None])
    whole: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return whole


def is_out_of_memory(error: BaseException) -> bool:
    """Memory of the device or of the machine has run out."""
    # the last is all that oneDNN says when a convolution finds no memory for its scratch
    texts = ("out of memory", "can't allocate memory", "not enough memory", "could not create a primitive")
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(text in str(error) for text in texts)


def _advice(images: Images, parts: int, said: str) -> str:
    batch = len(images)
    tried = f" in {parts} parts" if parts > 1 else ""
    return (
        f"memory ran out with {batch} images a step{tried}; to train the same with less memory: "
        f"batch_split={2 * parts} (parts of {-(-batch // (2 * parts))} images) or batch_split=auto. "
        f"The allocator said: {said.splitlines()[0][:200]}"
    )
