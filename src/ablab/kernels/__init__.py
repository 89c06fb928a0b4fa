"""Kernels of our own for the CPU: C++ that is compiled for this machine at first use and called through ctypes."""

from ablab.kernels.fuse import fuse, is_chained, kernels_of, of_bytes, prefers_fp32, takes_bytes
from ablab.kernels.small import Crops

__all__ = ["Crops", "fuse", "is_chained", "kernels_of", "of_bytes", "prefers_fp32", "takes_bytes"]
