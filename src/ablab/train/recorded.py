"""Passes recorded as a CUDA graph: the hundred kernels of a step start as one.

A step of a small network takes a GPU less time than Python needs to ask for it. A graph is recorded with the first
batch and replayed with the numbers of every later one. Only batches of the same shape fit it; the odd last one of an
epoch is carried out as usual.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ablab.data.augment.cut import Images
from ablab.models.blocks import Dropout
from ablab.models.initial import gpu_generator

Passes = Callable[[Images, Tensor], tuple[Tensor, Tensor]]
WARM = 3  # passes before the recording: libraries choose kernels and take their memory in the first ones


class Recorded:
    """Passes forward and backward that leave each parameter's gradient in memory of the graph."""

    def __init__(self, passes: Passes, net: nn.Module, parameters: Sequence[nn.Parameter]) -> None:
        self.passes, self.net, self.parameters = passes, net, parameters
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, images: Images, targets: Tensor) -> tuple[Tensor, Tensor]:
        assert isinstance(images, Tensor), "a card is given pixels"
        if self.graph is None:
            self.graph = self._record(images, targets)
        if images.shape != self.images.shape or targets.shape != self.targets.shape:
            return self.passes(images, targets)
        self.images.copy_(images)
        self.targets.copy_(targets)
        self.graph.replay()
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            parameter.grad = gradient  # the odd batch has left others
        return self.seen

    def _record(self, images: Tensor, targets: Tensor) -> torch.cuda.CUDAGraph:
        """The graph; statistics of norms and generators are left as they were found."""
        device = self.parameters[0].device
        self.images, self.targets = images.to(device).clone(), targets.to(device).clone()
        own = [one.generator(device) for one in self.net.modules() if isinstance(one, Dropout) and one.rate]
        generators = [(one, one.get_state()) for one in (gpu_generator(device), *own)]
        buffers = [(one, one.clone()) for one in self.net.buffers()]
        here, aside = torch.cuda.current_stream(device), torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            for _ in range(WARM):
                self.passes(self.images, self.targets)
        here.wait_stream(aside)
        for parameter in self.parameters:
            parameter.grad = None  # so that the recorded pass makes gradients of its own
        graph = torch.cuda.CUDAGraph()
        for generator in own:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
            self.seen = self.passes(self.images, self.targets)
        self.gradients = [parameter.grad for parameter in self.parameters]
        for buffer, before in buffers:
            buffer.copy_(before)
        for generator, state in generators:
            generator.set_state(state)
        return graph
