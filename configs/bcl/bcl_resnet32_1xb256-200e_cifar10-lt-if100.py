# BCL on CIFAR-10-LT, imbalance factor 100, by the community's recipe: the authors released none for CIFAR.
#
#     python tools/train.py configs/bcl/bcl_resnet32_1xb256-200e_cifar10-lt-if100.py
#
# All values but the number of classes are those of CIFAR-100-LT: one GPU, batch 256, rate 0.15, 200 epochs of 49 steps,
# seed 0 (see bcl_resnet32_1xb256-200e_cifar100-lt-if100.py). No figure is known to us. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar10-lt.py',
    '../_base_/models/bcl.py',
    '../_base_/schedules/bcl-cifar-200e.py',
]

model = dict(
    backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32),
    projector=dict(hidden_channels=512, out_channels=128),
    head=dict(num_classes=_base_.num_classes, hidden_channels=512, alpha=2.0, beta=0.6, temperature=0.1),
)
train_pipeline = [dict(type='ltcl.Views', recipes=['regular_cifar', 'sim_cifar', 'sim_cifar']), _base_.pack]
train_dataloader = dict(batch_size=256, drop_last=False, dataset=dict(pipeline=train_pipeline))
