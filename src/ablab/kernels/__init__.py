"""Kernels of our own for the CPU: C++ that is compiled for this machine at first use and called through ctypes."""

from ablab.kernels.fuse import fuse, kernels_of

__all__ = ["fuse", "kernels_of"]
