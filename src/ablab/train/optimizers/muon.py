"""Muon (Jordan et al. 2024): steps whose matrices have all singular values near 1."""

from typing import Annotated, Any, Literal

import torch
from torch import Tensor

from ablab.catalogue import mark
from ablab.train.optimizers import Groups

# x -> a x + b x^3 + c x^5 drives singular values from 0..1 to 0.7..1.2 in five rounds (Jordan et al. 2024)
QUINTIC = (3.4445, -4.7750, 2.0315)


@mark("optimizer", "muon")
def muon(
    groups: Groups,
    lr: float,
    *,
    momentum: Annotated[float, "[0, 1)"] = 0.95,
    nesterov: bool = True,
    rounds: Annotated[float, "[1, 20]"] = 5,
    rest: Annotated[float, "(0, 1e6]"] = 0.1,
    rest_momentum: Annotated[float, "[0, 1)"] | None = None,
    adam: bool = False,
    layers: Literal["all", "conv"] = "all",
    unit: bool = False,
) -> torch.optim.Optimizer:
    """Matrices and filters move by their momentum made orthogonal; the rest by SGD, or AdamW, at `rest` times lr.

    SGD has the same momentum if `rest_momentum` does not say another.
    With layers=conv matrices belong to the rest, too. With unit=true each layer's weights are scaled before every step,
    so that a filter has length 1 on average (Jordan 2024); a norm behind the layer takes the length away in any case.
    """
    least, parts = (2 if layers == "all" else 3), []
    momenta = {True: momentum, False: momentum if rest_momentum is None else rest_momentum}
    for group in groups:
        for is_matrix in (True, False):
            chosen = [parameter for parameter in group["params"] if (parameter.ndim >= least) == is_matrix]
            if chosen:
                scale = group.get("scale", 1.0) * (1.0 if is_matrix else rest)
                own = {"is_matrix": is_matrix, "momentum": momenta[is_matrix], "scale": scale}
                parts.append({**group, "params": chosen, **own})
    return Muon(parts, lr, nesterov=nesterov, rounds=int(rounds), adam=adam, unit=unit)


class Muon(torch.optim.Optimizer):
    """One optimizer for both kinds, so that a checkpoint and the loop see nothing special."""

    def __init__(self, groups: Groups, lr: float, **options: Any) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0, **options})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002 (there is none here)
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if group["is_matrix"]:
                if group["unit"]:
                    lengths = torch._foreach_norm(parameters)
                    factors = [len(one) ** 0.5 / length for one, length in zip(parameters, lengths, strict=True)]
                    torch._foreach_mul_(parameters, factors)
                self._orthogonal(parameters, group)
                continue
            for parameter in parameters:
                if group["adam"]:
                    self._adam(parameter, group)
                else:
                    self._descent(parameter, group)

    def _descent(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient = parameter.grad.add(parameter, alpha=group["weight_decay"])  # type: ignore[union-attr]
        parameter.add_(self._with_momentum(parameter, gradient, group), alpha=-group["lr"])

    def _orthogonal(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Filters count as matrices with a row for each output; decay shrinks the weights directly."""
        rows = [self._with_momentum(one, one.grad, group).reshape(len(one), -1) for one in parameters]  # type: ignore[arg-type]
        for parameter, step in zip(parameters, all_orthogonalised(rows, group["rounds"]), strict=True):
            # Of the same size whatever the shape: each output's step has the length of a row of an orthogonal matrix.
            stretch = max(1.0, step.shape[0] / step.shape[1]) ** 0.5
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(step.view(parameter.shape), alpha=-group["lr"] * stretch)

    def _with_momentum(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        kept: Tensor = state["momentum_buffer"]
        kept.mul_(group["momentum"]).add_(gradient)
        return gradient.add(kept, alpha=group["momentum"]) if group["nesterov"] else kept

    def _adam(self, parameter: Tensor, group: dict[str, Any], betas: tuple[float, float] = (0.9, 0.999)) -> None:
        state = self.state[parameter]
        if not state:
            state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
        state["step"] += 1
        gradient: Tensor = parameter.grad  # type: ignore[assignment]
        state["mean"].lerp_(gradient, 1 - betas[0])
        state["square"].lerp_(gradient.square(), 1 - betas[1])
        mean = state["mean"] / (1 - betas[0] ** state["step"])
        root = (state["square"] / (1 - betas[1] ** state["step"])).sqrt_().add_(1e-8)
        parameter.mul_(1 - group["lr"] * group["weight_decay"]).addcdiv_(mean, root, value=-group["lr"])


def all_orthogonalised(matrices: list[Tensor], rounds: int) -> list[Tensor]:
    """Each of them orthogonalised. On a GPU those of one shape go together, in bf16, as the authors do."""
    if not all(matrix.is_cuda for matrix in matrices):
        return [orthogonalised(matrix, rounds) for matrix in matrices]
    return by_shape(matrices, rounds, torch.bfloat16)


def by_shape(matrices: list[Tensor], rounds: int, numbers: torch.dtype) -> list[Tensor]:
    """Each of them orthogonalised, those of one shape in one batch of products."""
    places: dict[torch.Size, list[int]] = {}
    for place, matrix in enumerate(matrices):
        places.setdefault(matrix.shape, []).append(place)
    steps = list(matrices)
    for alike in places.values():
        whole = orthogonalised(torch.stack([matrices[place] for place in alike]), rounds, numbers)
        for place, step in zip(alike, whole, strict=True):
            steps[place] = step
    return steps


def orthogonalised(matrix: Tensor, rounds: int, numbers: torch.dtype = torch.float32) -> Tensor:
    """About the nearest matrix with orthonormal rows (or columns), by Newton-Schulz iterations of fifth degree.

    A batch of matrices, [N, rows, columns], becomes a batch.
    """
    a, b, c = QUINTIC
    is_tall = matrix.shape[-2] > matrix.shape[-1]
    x = (matrix.mT if is_tall else matrix).float()
    x = (x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7 if x.ndim > 2 else x.norm() + 1e-7)).to(numbers)
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    back: Tensor = x.mT if is_tall else x
    return back.to(matrix.dtype)
