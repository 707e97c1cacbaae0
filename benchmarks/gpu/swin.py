"""A training step of UPerNet on Swin-T with 512 px crops, with GPaCo's branch and without, two crops a step."""

import argparse
import statistics
from collections.abc import Callable

import torch
from common import ROOT, extra_peak_memory, median_ratio, time_interleaved
from results import Figure, Results
from stage import start

CONFIG = ROOT / 'configs/seg/{0}/{0}_upernet-swin-tiny_8xb2-160k_ade20k-512x512.py'
FORMS = {'stock head': 'cross-entropy', 'with GPaCo': 'gpaco'}


def training_step(method: str, args: argparse.Namespace, size: int, num_images: int = 2) -> Callable[[], object]:
    """A function that does one training step of a shipped config on random crops."""
    from mmengine.config import Config
    from mmengine.logging import MMLogger
    from mmengine.model import revert_sync_batchnorm
    from mmengine.optim import build_optim_wrapper
    from mmengine.registry import init_default_scope
    from mmengine.structures import PixelData
    from mmseg.registry import MODELS
    from mmseg.structures import SegDataSample

    import ltcl.models.decode_heads  # noqa: F401 (registers the heads)

    init_default_scope('mmseg')
    folder = {'cross-entropy': 'cross_entropy'}.get(method, method)
    cfg = Config.fromfile(str(CONFIG).replace('{0}/', f'{folder}/').format(method))
    if args.quick:
        cfg.merge_from_dict({'model.decode_head.channels': 16, 'model.auxiliary_head.channels': 16})
    MMLogger.get_instance('mmengine').setLevel('ERROR')  # of the rate of each parameter
    torch.manual_seed(0)
    preprocessor = dict(cfg.data_preprocessor, size=(size, size))
    model = revert_sync_batchnorm(MODELS.build(dict(cfg.model, data_preprocessor=preprocessor))).to(args.device).train()
    optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    num_classes = cfg.model.decode_head.num_classes
    data = dict(
        inputs=[torch.randint(256, (3, size, size), dtype=torch.uint8) for _ in range(num_images)],
        data_samples=[
            SegDataSample(gt_sem_seg=PixelData(data=torch.randint(num_classes, (1, size, size))))
            for _ in range(num_images)
        ],
    )
    return lambda: model.train_step(data, optim_wrapper)


def measure(args: argparse.Namespace, results: Results) -> None:
    """Time and memory of both, and what the branch costs."""
    size = 64 if args.quick else 512
    steps = {form: training_step(method, args, size) for form, method in FORMS.items()}
    name = f'UPerNet Swin-T, {size} px'
    for form, step in steps.items():
        memory = extra_peak_memory(step, args.device) / 2**20
        results.add(Figure(f'{name}, {form}: extra peak memory of a step', memory, 'MiB'))
    seconds = time_interleaved(steps, 1 if args.quick else 20, args.device)
    for form, each in seconds.items():
        results.add(Figure(f'{name}, {form}: step', 1e3 * statistics.median(each), 'ms'))
    ratio = median_ratio(seconds['with GPaCo'], seconds['stock head'])
    results.add(Figure(f'{name}: step with GPaCo against the stock head', ratio, 'x'))


if __name__ == '__main__':
    start(measure)
