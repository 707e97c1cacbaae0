"""The networks that the benchmarks train, and one training step of them."""

from collections.abc import Callable

import torch
from common import ROOT
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.structures import DataSample
from torch import Tensor

from ltcl.registry import MODELS, OPTIM_WRAPPERS

DEMO_CONFIG = ROOT / 'configs/{method}/{method}_resnet20_1xb128-100e_fashion-mnist-lt-small.py'


def demo_config(method: str) -> dict:
    """Model and optimizer of the demo: ``'paco'`` or ``'gpaco'`` with ResNet-20 on 28x28 grey images, batch 128."""
    cfg = Config.fromfile(str(DEMO_CONFIG).format(method=method))
    model = dict(cfg.model, data_preprocessor=cfg.data_preprocessor)
    return dict(model=model, optim_wrapper=cfg.optim_wrapper, shape=(128, 1, 28, 28))


def resnet50_config(batch_size: int = 16) -> dict:
    """Model and optimizer of PaCo on ImageNet-LT: ResNet-50, 224x224 images."""
    model = dict(
        type='ltcl.ContrastiveClassifier',
        data_preprocessor=dict(
            type='ltcl.MultiViewDataPreprocessor',
            num_classes=1000,
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            to_rgb=True,
            channels_last=True,
        ),
        backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
        neck=dict(type='GlobalAveragePooling'),
        projector=dict(type='ltcl.Projector', in_channels=2048, norm_cfg=dict(type='BN1d')),
        head=dict(type='ltcl.PaCoHead', num_classes=1000, in_channels=2048, feat_dim=128, queue_len=8192),
        key_views=(1,),
        shuffle_bn=True,
    )
    optimizer = dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=5e-4)
    return dict(
        model=model,
        optim_wrapper=dict(type='ltcl.Bfloat16OptimWrapper', optimizer=optimizer),
        shape=(batch_size, 3, 224, 224),
    )


class TrainingStep:
    """A model in training with a batch of random images: calling it does what the runner does in one iteration.

    Args:
        model: Config of the model.
        optim_wrapper: Config of the optimizer; its learning rate is lowered, since weights that diverge on random
            images would slow the arithmetic down.
        shape: Batch size, channels, height and width of one view.
        device: Where the model lives; the images start on the CPU.
    """

    def __init__(self, model: dict, optim_wrapper: dict, shape: tuple[int, int, int, int], device: str) -> None:
        init_default_scope('mmpretrain')
        torch.manual_seed(0)
        self.model = MODELS.build(model).to(device)
        self.model.train()
        num_classes = self.model.head.num_classes
        self.model.head.set_class_counts(range(num_classes, 0, -1))
        optimizer = dict(optim_wrapper['optimizer'], params=self.model.parameters(), lr=1e-4)
        optimizer.pop('type')
        wrapper = dict(optim_wrapper, optimizer=torch.optim.SGD(**optimizer))
        self.optim_wrapper = OPTIM_WRAPPERS.build(wrapper)
        self.views = [torch.randint(256, shape, dtype=torch.uint8) for _ in range(2)]
        labels = torch.randint(num_classes, shape[:1])
        self.data_samples = [DataSample().set_gt_label(label) for label in labels]

    def __call__(self) -> None:
        """Momentum update, preprocessing, forward, loss, backward, optimizer step."""
        if self.model.key_views:
            self.model.update_momentum_encoder(0.999)
        self.model.train_step(dict(inputs=self.views, data_samples=self.data_samples), self.optim_wrapper)

    def bare_encoder(self) -> Callable[[], None]:
        """Forward and backward of the backbone and its pooling alone, for the same views.

        The images are preprocessed once, outside the returned function; random gradients enter at the pooled features.
        Views that the method encodes without gradient are encoded without gradient.
        """
        model = self.model
        batch = model.data_preprocessor(dict(inputs=self.views, data_samples=self.data_samples), training=True)
        views = batch['inputs']
        parameters = list(model.backbone.parameters())
        feat_grads: list[Tensor] = []

        def step() -> None:
            for parameter in parameters:
                parameter.grad = None
            with self.optim_wrapper.optim_context(model):
                feats = [model.extract_feat(views[i])[-1] for i in model.online_views]
                with torch.no_grad():
                    for i in model.key_views:
                        encoder = model.momentum_encoder
                        encoder['neck'](encoder['backbone'](views[i]))
            if not feat_grads:
                feat_grads.extend(0.01 * torch.randn_like(each) for each in feats)
            torch.autograd.backward(feats, feat_grads)

        return step
