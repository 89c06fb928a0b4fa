"""The loop that a good course teaches: pictures in a Dataset, transforms one by one, a DataLoader, a plain fp32 loop.

It is what ours is compared with, so it is written as its authors would be glad to have it: nothing in it waits or
copies for no reason, and the number of loading processes is the best of those that were tried. Nothing of ours is in
it but the initial network and the pictures.
"""

import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset[tuple[Tensor, int]]):
    """Pictures with crop and flip as they are taught: pad by 4, cut 32 x 32 anywhere, mirror half of them."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images.permute(0, 2, 3, 1).contiguous().numpy()
        self.labels = labels.tolist()
        self.mean = torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
        self.sd = torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = ImageOps.expand(Image.fromarray(self.images[index]), border=4)
        left, top = random.randint(0, 8), random.randint(0, 8)
        picture = picture.crop((left, top, left + 32, top + 32))
        if random.random() < 0.5:
            picture = ImageOps.mirror(picture)
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float().div(255)
        return (pixels - self.mean) / self.sd, self.labels[index]


def epochs(net: nn.Module, images: Tensor, labels: Tensor, batch: int, workers: int, times: int) -> list[float]:
    """Seconds of each of so many epochs."""
    loader = DataLoader(
        Pictures(images, labels), batch_size=batch, shuffle=True, num_workers=workers, persistent_workers=workers > 0
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    net.train()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        total, right, seen = 0.0, 0, 0
        for pixels, wanted in loader:
            optimizer.zero_grad()
            outputs = net(pixels)
            loss = F.cross_entropy(outputs, wanted)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(wanted)
            right += int((outputs.argmax(1) == wanted).sum())
            seen += len(wanted)
        taken.append(time.perf_counter() - begun)
    return taken
