"""Whole numbers that remember their formula, in numbers and in letters."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Term:
    """A whole number, the formula that it is the result of, and the same formula in letters; made by calculating.

    >>> print(Term(18_496, "(3·3·32 + 1)·64"))
    (3·3·32 + 1)·64 = 18,496
    >>> ((letter("C", 32) + 1) * letter("F", 64)).letters
    '(C + 1)·F'
    """

    value: int
    formula: str
    letters: str = field(default="", compare=False)
    is_sum: bool = field(default=False, compare=False)  # needs parentheses as a factor

    def __str__(self) -> str:
        return f"{self.value:,}" if self.formula == str(self.value) else f"{self.formula} = {self.value:,}"

    def __add__(self, other: "Term | int") -> "Term":
        right = term(other)
        formula, letters = (f"{a} + {b}" for a, b in zip(self._spelled(), right._spelled(), strict=True))
        return Term(self.value + right.value, formula, letters, is_sum=True)

    def __sub__(self, other: "Term | int") -> "Term":
        right = term(other)
        formula, letters = (f"{a} - {b}" for a, b in zip(self._spelled(), right._factor(), strict=True))
        return Term(self.value - right.value, formula, letters, is_sum=True)

    def __mul__(self, other: "Term | int") -> "Term":
        right = term(other)
        formula, letters = (f"{a}·{b}" for a, b in zip(self._factor(), right._factor(), strict=True))
        return Term(self.value * right.value, formula, letters)

    def over(self, other: "Term", brackets: str = "()") -> "Term":
        """Divided and rounded as the brackets say: down by ⌊⌋, up by ⌈⌉; what needs no rounding stands in ()."""
        left, right = brackets[0], brackets[1]
        value = -(-self.value // other.value) if left == "⌈" else self.value // other.value
        formula, letters = (f"{left}{a}/{b}{right}" for a, b in zip(self._factor(), other._factor(), strict=True))
        return Term(value, formula, letters)

    def _spelled(self) -> tuple[str, str]:
        return self.formula, self.letters or self.formula

    def _factor(self) -> tuple[str, str]:
        formula, letters = self._spelled()
        return (f"({formula})", f"({letters})") if self.is_sum else (formula, letters)


def letter(name: str, value: int) -> Term:
    return Term(value, str(value), name)


def term(value: Term | int) -> Term:
    return value if isinstance(value, Term) else Term(value, str(value))


NOTHING = Term(0, "0")


def product(*factors: int) -> Term:
    """Factors multiplied; those that are 1 are left unwritten.

    >>> print(product(3, 3, 1, 32))
    3·3·32 = 288
    """
    written = [str(factor) for factor in factors if factor != 1] or ["1"]
    return Term(math.prod(factors), "·".join(written))


def total(terms: list[Term]) -> Term:
    """Terms added up, those that are nothing left out."""
    some = [term for term in terms if term.value]
    return Term(sum(term.value for term in some), " + ".join(term.formula for term in some)) if some else NOTHING
