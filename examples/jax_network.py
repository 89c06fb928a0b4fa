"""JAX: does a wider layer fit a curve better? Takes some seconds. Lower is better here."""

from typing import Any

import jax
import jax.numpy as jnp

import ablab


def curve(points: jax.Array) -> jax.Array:
    return jnp.sin(3 * points) * points


def predict(weights: dict[str, jax.Array], points: jax.Array) -> jax.Array:
    return jnp.tanh(points @ weights["in"] + weights["bias"]) @ weights["out"]


def loss(weights: dict[str, jax.Array], points: jax.Array) -> jax.Array:
    return jnp.mean((predict(weights, points) - curve(points)) ** 2)


@jax.jit
def step(weights: dict[str, jax.Array], points: jax.Array) -> dict[str, jax.Array]:
    return jax.tree.map(lambda weight, slope: weight - 0.02 * slope, weights, jax.grad(loss)(weights, points))


def test_loss(arguments: dict[str, Any], seed: int) -> dict[str, float]:
    """Fit the curve from points and weights that the seed draws; the loss on the same grid for all."""
    width = arguments["width"]
    first, second, third = jax.random.split(jax.random.key(seed), 3)
    points = jax.random.uniform(first, (128, 1), minval=-2, maxval=2)
    weights = {"in": jax.random.normal(second, (1, width)), "bias": jnp.zeros(width)}
    weights["out"] = jax.random.normal(third, (width, 1)) / jnp.sqrt(width)
    for _ in range(1000):
        weights = step(weights, points)
    grid = jnp.linspace(-2, 2, 201)[:, None]
    return {"test loss": float(loss(weights, grid)), "training loss": float(loss(weights, points))}


result = ablab.compare_function(
    test_loss,
    base={"width": 8},
    variants={"wide": {"width": 64}},
    metric="test loss",
    better="lower",
    margin=0.01,
    seeds="3..8",
)
print(result.verdicts[0].sentence)
