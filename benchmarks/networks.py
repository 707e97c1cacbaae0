"""The networks that the benchmarks train, and one training step of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from common import ROOT
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader

from ltcl.engine.compiling import compile_training
from ltcl.engine.optimizers.fused import with_fused
from ltcl.models.utils.weight_layout import lay_out_weights
from ltcl.registry import MODELS

PRECISIONS = ('float32', 'bfloat16', 'float16', 'float64')
DEMO = '_resnet20_1xb128-100e_fashion-mnist-lt-small'


class Recipe(NamedTuple):
    """Where a method's shipped configs are, below ``configs`` and without the ``.py``."""

    name: str
    demo: str
    imagenet: str


RECIPES = {
    'paco': Recipe('PaCo', f'paco/paco{DEMO}', 'paco/paco_resnet50_4xb32-400e_imagenet-lt'),
    'gpaco': Recipe('GPaCo', f'gpaco/gpaco{DEMO}', 'gpaco/gpaco_resnet50_4xb32-400e_imagenet-lt'),
    'bcl': Recipe('BCL', f'bcl/bcl{DEMO}', 'bcl/bcl_resnet50_4xb64-90e_imagenet-lt-sim-sim'),
    'kcl': Recipe('KCL', f'kcl/kcl-queue{DEMO}', 'kcl/kcl_resnet50_4xb64-200e_imagenet-lt'),
    'tsc': Recipe('TSC', f'tsc/tsc-queue{DEMO}', 'tsc/tsc_resnet50_4xb64-400e_imagenet-lt'),
    'resco': Recipe('ResCo', f'resco/resco{DEMO}', 'resco/resco_resnet50_8xb32-400e_imagenet-lt'),
    'rescom': Recipe('ResCom', f'resco/rescom{DEMO}', 'resco/rescom_resnet50_8xb32-400e_imagenet-lt'),
    'multi-task': Recipe(
        'multi-task', f'multi_task/multi-task{DEMO}', 'multi_task/multi-task_resnext50-32x4d_4xb32-400e_imagenet-lt'
    ),
    'cross-entropy': Recipe(
        'cross entropy', f'cross_entropy/cross-entropy{DEMO}', 'custom/cross-entropy_resnet50_1xb32-100e_own-images'
    ),
}


def read_config(path: str) -> Config:
    """A shipped config by its place below ``configs``."""
    return Config.fromfile(ROOT / 'configs' / f'{path}.py')


def demo_config(method: str, precision: str = 'bfloat16', channels_last: bool = True) -> dict:
    """Model and optimizer of the demo: a method with ResNet-20 on 28x28 grey images, batch 128.

    Args:
        method: A key of ``RECIPES``.
        precision: One of ``PRECISIONS``.
        channels_last: Layout of the images.
    """
    return step_config(read_config(RECIPES[method].demo), (128, 1, 28, 28), precision, channels_last)


def imagenet_config(
    method: str, depth: int, batch_size: int, size: int = 224, precision: str = 'bfloat16', channels_last: bool = True
) -> dict:
    """Model and optimizer of a method on ImageNet-LT, 1,000 classes, with a ResNet.

    Args:
        method: A key of ``RECIPES``.
        depth: Layers of the ResNet.
        batch_size: Images of a step.
        size: Height and width of the images.
        precision: One of ``PRECISIONS``.
        channels_last: Layout of the images.
    """
    cfg = read_config(RECIPES[method].imagenet)
    cfg.model.backbone = dict(type='ResNet', depth=depth, zero_init_residual=False)
    cfg.merge_from_dict(dict(model=dict(head=dict(num_classes=1000)), data_preprocessor=dict(num_classes=1000)))
    return step_config(cfg, (batch_size, 3, size, size), precision, channels_last)


def resnet50_config(batch_size: int = 16) -> dict:
    """Model and optimizer of PaCo on ImageNet-LT: ResNet-50, 224x224 images."""
    return imagenet_config('paco', 50, batch_size)


def step_config(cfg: Config, shape: tuple[int, int, int, int], precision: str, channels_last: bool) -> dict:
    """Arguments of :class:`TrainingStep`, without the device, from those of a run."""
    wrapper = dict(cfg.optim_wrapper, type='OptimWrapper')
    if precision == 'bfloat16':
        wrapper['type'] = 'ltcl.Bfloat16OptimWrapper'
    if precision == 'float16':
        wrapper.update(type='AmpOptimWrapper', dtype='float16')
    preprocessor = dict(cfg.data_preprocessor, channels_last=channels_last)
    model = dict(cfg.model, data_preprocessor=preprocessor)
    return dict(model=model, optim_wrapper=wrapper, shape=shape, double=precision == 'float64')


class TrainingStep:
    """A model in training with a batch of random images: calling it does what the runner does in one iteration.

    Args:
        model: Config of the model.
        optim_wrapper: Config of the optimizer; its learning rate is lowered, since weights that diverge on random
            images would slow the arithmetic down.
        shape: Batch size, channels, height and width of one view.
        device: Where the model lives; the images start on the CPU.
        double: Train in float64.
        compiled: The key ``compile`` of a config: whether, or by which arguments, ``torch.compile`` takes the step.
    """

    def __init__(
        self,
        model: dict,
        optim_wrapper: dict,
        shape: tuple[int, int, int, int],
        device: str,
        double: bool = False,
        compiled: bool | dict = False,
    ) -> None:
        init_default_scope('mmpretrain')
        torch.manual_seed(0)
        self.model = MODELS.build(model).to(device)
        if double:
            self.model.double()
        self.model.train()
        if self.model.data_preprocessor.channels_last:
            lay_out_weights(self.model)
        self.online_views = getattr(self.model, 'online_views', (0,))
        self.key_views = getattr(self.model, 'key_views', ())
        self._prepare_head()
        wrapper = dict(optim_wrapper, optimizer=dict(optim_wrapper['optimizer'], lr=1e-4))
        self.optim_wrapper = build_optim_wrapper(self.model, with_fused(wrapper, self.model))
        if compiled:
            compile_training(self.model, compiled if isinstance(compiled, dict) else {})
        views = [torch.randint(256, shape, dtype=torch.uint8) for _ in self.online_views + self.key_views]
        labels = torch.randint(self.model.head.num_classes, shape[:1])
        inputs = views if hasattr(self.model, 'online_views') else views[0]
        self.batch = dict(inputs=inputs, data_samples=[DataSample().set_gt_label(label) for label in labels])

    @property
    def views(self) -> list[Tensor]:
        """The images of each view."""
        inputs = self.batch['inputs']
        return [inputs] if isinstance(inputs, Tensor) else inputs

    @property
    def data_samples(self) -> list[DataSample]:
        """The samples of the batch."""
        return self.batch['data_samples']

    def _prepare_head(self) -> None:
        """What hooks do before the training; random targets, since looking for good ones takes long."""
        head: Any = self.model.head
        for module in self.model.modules():
            if hasattr(module, 'set_class_counts'):
                module.set_class_counts(range(head.num_classes, 0, -1))
        if hasattr(head, 'targets'):
            head.targets.copy_(F.normalize(torch.randn(head.targets.shape), dim=1))
            head.targeted = head.update_centers = head.assignment_due = True

    def __call__(self) -> dict[str, Tensor]:
        """One iteration on the batch of random images."""
        return self.train(self.batch)

    def train(self, batch: dict) -> dict[str, Tensor]:
        """Momentum update, preprocessing, forward, loss, backward, optimizer step; what the step logs."""
        if self.key_views:
            self.model.update_momentum_encoder(0.999)
        return self.model.train_step(batch, self.optim_wrapper)

    def preprocessed(self) -> list[Tensor]:
        """The views as the encoder gets them."""
        inputs = self.model.data_preprocessor(self.batch, training=True)['inputs']
        return [inputs] if isinstance(inputs, Tensor) else inputs

    def bare_encoder(self) -> Callable[[], None]:
        """Forward and backward of the backbone and its pooling alone, for the same views.

        The images are preprocessed once, outside the returned function; random gradients enter at the pooled features.
        Views that the method encodes without gradient are encoded without gradient, views that it joins are joined.
        """
        model, views = self.model, self.preprocessed()
        online = [views[i] for i in self.online_views]
        batches = [torch.cat(online)] if getattr(model, 'joint_forward', False) else online
        parameters = list(model.backbone.parameters())
        feat_grads: list[Tensor] = []

        def step() -> None:
            for parameter in parameters:
                parameter.grad = None
            with self.optim_wrapper.optim_context(model):
                feats = [model.extract_feat(batch)[-1] for batch in batches]
                with torch.no_grad():
                    for i in self.key_views:
                        encoder = model.momentum_encoder
                        encoder['neck'](encoder['backbone'](views[i]))
            if not feat_grads:
                feat_grads.extend(0.01 * torch.randn_like(each) for each in feats)
            torch.autograd.backward(feats, feat_grads)

        return step


def image_loader(method: str, folder: str, batch_size: int, num_workers: int) -> DataLoader:
    """The loader of a method's ImageNet recipe, on a folder of class folders of images.

    Args:
        method: A key of ``RECIPES``.
        folder: With a folder of images for each class.
        batch_size: Images of a step.
        num_workers: Processes that prepare them; 0 prepares them in this one.
    """
    init_default_scope('mmpretrain')
    cfg = read_config(RECIPES[method].imagenet)
    pipeline = cfg.train_dataloader.dataset.pipeline
    loader = dict(
        batch_size=batch_size,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        sampler=dict(type='InfiniteSampler', shuffle=True),
        collate_fn=dict(type='default_collate'),
        dataset=dict(type='CustomDataset', data_prefix=folder, pipeline=pipeline),
    )
    return Runner.build_dataloader(loader, seed=0)
