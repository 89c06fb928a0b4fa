"""Pictures of any size come to the network as `ablab predict` brings them, inside the program itself."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from ablab.data.pictures import decode
from ablab.errors import InputError
from ablab.export import Subject, export
from ablab.export.pictures import PictureNetwork, compared, fitted, trials
from ablab.models import Io, build
from ablab.models.initial import initialise
from ablab.predict import predict
from ablab.train.trained import Trained

CLASSES = ("ant", "bee", "cat", "dog")


def trained(model="mlp", in_shape=(3, 16, 16), **options):
    channels = in_shape[0]
    net = initialise(build(model, Io(*in_shape, 4), **options), seed=0)
    words = [f'model = "{model}"', 'tta = "flip + shift"', *(f"{key} = {json.dumps(v)}" for key, v in options.items())]
    return Trained(net.state_dict(), "\n".join(words), 7, CLASSES, 3, in_shape, (100.0,) * channels, (50.0,) * channels)


def noise(*shape, seed=0):
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def png(image):
    file = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize("size", [(16, 16), (32, 32), (31, 48), (20, 33), (9, 12), (200, 301), (1, 1)], ids=str)
def test_resizing_gives_the_pixels_that_pillow_gives(size):
    image = noise(3, *size)
    assert torch.equal(fitted(image[None], 16, 16)[0], decode(png(image), "here", size=16).float())


@pytest.mark.parametrize("size", [(48, 31), (301, 200), (17, 15)], ids=str)
def test_a_high_picture_without_hard_edges_is_resized_as_pillow_does_it(size):
    height, width = size
    slope = torch.linspace(30, 220, height).view(1, -1, 1) + torch.linspace(-20, 20, width) * torch.ones(3, 1, 1)
    image = slope.to(torch.uint8)
    off = fitted(image[None], 16, 16)[0] - decode(png(image), "here", size=16).float()
    assert off.abs().max() <= 1


def test_a_network_of_oblong_images_sees_the_largest_box_of_their_shape():
    image = (4 * torch.arange(40, dtype=torch.uint8)).view(1, 1, 40, 1).expand(1, 1, 40, 10)
    seen = fitted(image, 4, 2)  # of rows 10 to 29, five for each of ours
    assert seen.shape == (1, 1, 4, 2)
    assert seen[0, 0, :, 0].tolist() == pytest.approx([48, 68, 88, 108], abs=2)


def test_probabilities_are_those_of_predict():
    given, image = trained(), noise(3, 40, 64)
    (wanted,) = predict([given], [("here", lambda: png(image))], top=4)
    shares = PictureNetwork(given)(image[None]).detach().softmax(1)[0]
    for guess in wanted.guesses:
        assert float(shares[CLASSES.index(guess.name)]) == pytest.approx(guess.probability, abs=1e-6)


def test_programs_are_tried_on_a_batch_on_one_picture_and_on_another_size():
    images = noise(300, 3, 16, 16)
    assert [tuple(each.shape) for each in trials(Subject(trained(), images))] == [
        (200, 3, 16, 16),
        (1, 3, 16, 16),
        (7, 3, 24, 36),
    ]


def test_a_program_that_predicts_other_classes_is_refused():
    subject = Subject(trained(), noise(50, 3, 16, 16))
    net = PictureNetwork(subject.trained)
    assert compared(net, net, subject)[1] == 0
    with pytest.raises(InputError, match=r"other classes than the network on \d+ of 50 pictures of 16x16"):
        compared(net, lambda images: net(images).roll(1, 1), subject)


@pytest.mark.slow
@pytest.mark.parametrize("in_shape", [(3, 16, 16), pytest.param((1, 8, 12), marks=pytest.mark.long)], ids=str)
def test_a_program_of_torch_export_gives_the_same_bits_for_other_batches_and_sizes(in_shape, tmp_path):
    given = trained(in_shape=in_shape)
    written = export(Subject(given, noise(20, *in_shape)), "torch-export", tmp_path / "net.pt2")
    assert "the same bits for 20 of" in written.note
    assert "(test images)" in written.note
    extra = {"classes.json": "", "ablab.json": ""}
    program = torch.export.load(tmp_path / "net.pt2", extra_files=extra).module()
    assert json.loads(extra["classes.json"]) == list(CLASSES)
    assert json.loads(extra["ablab.json"])["seed"] == 7
    for images in (noise(5, *in_shape), noise(1, in_shape[0], 33, 70), noise(2, in_shape[0], 5, 5)):
        assert torch.equal(program(images), PictureNetwork(given)(images))


EIGEN = """
import torch
class Eigen(torch.nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.head = torch.nn.Linear(16, classes)
    def forward(self, images):
        return self.head(torch.linalg.eigvalsh(images[:, 0] @ images[:, 0].transpose(1, 2)))
"""


@pytest.mark.long
def test_an_operation_that_onnx_does_not_have_is_one_sentence(tmp_path):
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    (tmp_path / "eigen.py").write_text(EIGEN)
    given = trained(f"{tmp_path}/eigen.py:Eigen")
    with pytest.raises(InputError) as error:
        export(Subject(given), "onnx", tmp_path / "net.onnx")
    assert str(error.value) == (
        "ONNX has no operation for aten._linalg_eigh, which this network uses: --to torch-export takes any operation"
    )
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".onnx"] == []


@pytest.mark.slow
@pytest.mark.parametrize("in_shape", [(3, 16, 16), pytest.param((1, 8, 12), marks=pytest.mark.long)], ids=str)
def test_onnx_runtime_gives_the_same_predictions_for_other_batches_and_sizes(in_shape, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    given = trained(in_shape=in_shape)
    written = export(Subject(given, noise(20, *in_shape)), "onnx", tmp_path / "net.onnx")
    assert "the same predictions for 20 of" in written.note
    session = runtime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    assert [(each.name, each.type, each.shape) for each in session.get_inputs()] == [
        ("images", "tensor(uint8)", ["batch", in_shape[0], "height", "width"])
    ]
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["classes"]) == list(CLASSES)
    assert json.loads(facts["ablab"])["recipe"] == given.recipe
    assert str(tmp_path).encode() not in (tmp_path / "net.onnx").read_bytes()
    for images in (noise(5, *in_shape), noise(1, in_shape[0], 33, 70), noise(2, in_shape[0], 5, 5)):
        logits = session.run(None, {"images": images.numpy()})[0]
        wanted = PictureNetwork(given)(images).detach().numpy()
        np.testing.assert_allclose(logits, wanted, atol=2e-4)
        assert logits.argmax(1).tolist() == wanted.argmax(1).tolist()


@pytest.mark.slow
def test_the_length_of_a_batch_is_open_in_a_transformer(tmp_path):
    given = trained("vit-small", dim=12, depth=1, heads=3, patch=8)
    assert "1 of 16x16" in export(Subject(given), "torch-export", tmp_path / "net.pt2").note
