"""What every model of ours has and no file of an original."""

import torch
from torch import Tensor

from ltcl.functional.proco import random_means

from .conversion import Conversion
from .layouts import MAE_PRETRAINED, PROCO, PROCO_LINEAR
from .matching import BRANCHES, QUEUE
from .seg_layouts import SWIN, TORCHVISION_SWIN

NO_BRANCH_COUNTS = 'unknown to the file; class_counts of the config names the file with the counts'
NO_COUNTS = 'unknown to the file; ltcl.ClassCountsHook counts the training set of the config'
NO_MEANS = 'not of the network; a training gathers them anew'


def fill_up(result: Conversion, num_classes: int, keep: str) -> None:
    """Add what the file does not hold.

    Args:
        result: Tensors under the names of ours.
        num_classes: Rows of the classifier.
        keep: How much is kept, a key of :data:`~.matching.KEPT`.
    """
    state = result.state_dict
    for name in [name for name in state if name.endswith('running_mean')]:
        counter = name.replace('running_mean', 'num_batches_tracked')
        if counter not in state:
            result.fill(counter, torch.tensor(0), 'a counter that nothing reads, absent from old files')
    if result.layout is MAE_PRETRAINED:
        width = state['backbone.cls_token'].shape[-1]
        _fill_norm(result, 'backbone.ln2', torch.ones(width), 'norm after the pooling')
    if result.layout in (SWIN, TORCHVISION_SWIN):
        for stage in {name.split('.')[2] for name in state if name.startswith('backbone.stages.')}:
            ones = torch.ones_like(state[f'backbone.stages.{stage}.blocks.0.norm1.weight'])
            _fill_norm(result, f'backbone.norm{stage}', ones, "norm of a stage's output")
    for branch in {name.removeprefix(BRANCHES).split('.')[0] for name in state if name.startswith(BRANCHES)}:
        counts = torch.zeros(len(state['decode_head.conv_seg.weight']), dtype=torch.int64)
        result.fill(f'{BRANCHES}{branch}.class_counts', counts, NO_BRANCH_COUNTS)
    for name in [name for name in state if QUEUE.match(name) and name.endswith('embeddings')]:
        rows = state[name]
        fill = torch.full((len(rows),), rows.shape[1]) if rows.ndim == 3 else torch.tensor([len(rows)])
        result.fill(name.replace('embeddings', 'fill'), fill, 'every slot counts, as published')
    if result.layout.has_class_counts and keep == 'all':
        result.fill('head.class_counts', torch.zeros(num_classes, dtype=torch.int64), NO_COUNTS)
    if result.layout in (PROCO, PROCO_LINEAR) and keep == 'all':
        means = random_means(num_classes, len(state['projector.layers.3.weight']), torch.Generator().manual_seed(0))
        for name, value in means._asdict().items():
            for kind in ('used', 'running'):
                result.fill(f'head.{kind}.{name}', value.clone(), NO_MEANS)
        result.fill('head.begun_epoch', torch.tensor(-1), NO_MEANS)
    if 'head.targets' in state:
        from scipy.optimize import linear_sum_assignment  # only TSC pays for it

        similarity = state['head.class_centers'].double() @ state['head.targets'].double().T
        columns = torch.from_numpy(linear_sum_assignment(similarity.numpy(), maximize=True)[1])
        result.fill('head.assignment', columns, 'centers and targets of the file, matched')


def _fill_norm(result: Conversion, name: str, ones: Tensor, what: str) -> None:
    for part, value in (('weight', ones), ('bias', torch.zeros_like(ones))):
        result.fill(f'{name}.{part}', value, f'{what}, which fine-tuning starts like this')
