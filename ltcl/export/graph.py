"""A trained model as one graph from uint8 images to probabilities."""

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ltcl.calibration.record import tempered
from ltcl.errors import UserError
from ltcl.evaluation.class_mixes import Prior
from ltcl.inference import ImageModel, LongTailClassifier
from ltcl.inference.runs import classifies

from .preparation import Preparation

LEAST_LOG = -1e4
"""Log of a share of 0: a softmax makes 0 of it, and differences of two are a number."""


class ImagesToProbabilities(nn.Module):
    """Preparation, network, calibration, class mix and softmax of a trained model.

    Args:
        classifier: The model.

    Raises:
        UserError: It has no classifier, or its preparation cannot be exported.
    """

    outputs = {'probabilities': ('images', None)}
    """Names of the results and of their axes that may have any size."""
    log_answered: Tensor
    temperatures: Tensor | None

    def __init__(self, classifier: LongTailClassifier) -> None:
        super().__init__()
        head = classifier.model.head
        if not classifies(head):
            raise UserError(
                f'{type(head).__name__} of {classifier.run.path} has no classifier: train one on the encoder '
                '(configs/stage2) and export that'
            )
        self.prepare = Preparation(classifier.reader, classifier.model.data_preprocessor)
        self.model = classifier.model
        self.register_buffer('log_answered', log_answered(classifier).float(), persistent=False)
        temperatures = classifier.temperatures
        self.register_buffer('temperatures', None if temperatures is None else temperatures.float(), persistent=False)

    def forward(self, images: Tensor, log_prior: Tensor) -> Tensor:
        """Probabilities of the classes.

        Args:
            images: RGB, uint8, shape (N, H, W, 3).
            log_prior: Logs of the shares of the classes where the images come from, of any sum, shape (num_classes,).

        Returns:
            float32, shape (N, num_classes).
        """
        logits = self.model(self.prepare(images))
        if self.temperatures is not None:
            logits = tempered(logits, self.temperatures)
        return torch.softmax(logits + (log_prior - self.log_answered), 1)


class WithDefaultPrior(nn.Module):
    """The same with the class mix as a buffer, ``log_prior``, which may be changed in place."""

    log_prior: Tensor

    def __init__(self, graph: nn.Module, log_prior: Tensor) -> None:
        super().__init__()
        self.answer = graph
        self.register_buffer('log_prior', log_prior.clone())

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map RGB images (N, H, W, 3), uint8, to probabilities (N, num_classes), or whatever the graph answers."""
        return self.answer(images, self.log_prior)


def log_answered(model: ImageModel) -> Tensor:
    """Logs of the class shares that the logits answer for, float64; all 0 where that is not known."""
    try:
        shares = model.mixes.answered()
    except UserError:
        return torch.zeros(len(model.classes), dtype=torch.float64)
    return shares.clamp_min(shares[shares > 0].min()).log()


def log_prior(model: ImageModel, prior: Prior) -> Tensor:
    """What is the input ``log_prior`` of the graph for a class mix, float32, shape (num_classes,).

    Raises:
        UserError: The mix is not known.
    """
    shift = model.mixes.shift(prior)
    logs = log_answered(model)
    return (logs if shift is None else logs + shift).clamp_min(LEAST_LOG).float()


def trace(module: nn.Module, *inputs: Tensor) -> ExportedProgram:
    """The graph of a module of this file, for any number of images of any size.

    Args:
        module: The module.
        inputs: What it takes behind the images.

    Raises:
        UserError: A part of the model does not let itself be traced, or takes images of one size only.
    """
    example = torch.zeros(2, 72, 88, 3, dtype=torch.uint8)
    sizes = dict.fromkeys(range(3), Dim.DYNAMIC)
    try:
        with torch.no_grad():
            return torch.export.export(
                module.eval(), (example, *inputs), dynamic_shapes=(sizes, *(None for _ in inputs)), strict=False
            )
    # The tracer raises what it likes.
    except Exception as error:
        raise UserError(f'the model cannot be exported ({_first_line(error)}): {_advice(module)}') from error


def _advice(module: nn.Module) -> str:
    if any(isinstance(each, Preparation) and each.view is None for each in module.modules()):
        return 'if its network takes one size only, let ltcl.EvalView in the test pipeline make it'
    return 'a part of it needs values that a graph does not have'


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f'{type(error).__name__}: {lines[0] if lines else ""}'[:200]
