# Cross entropy on CIFAR-100-LT, imbalance factor 100.
#
#     python tools/train.py configs/cross_entropy/cross-entropy_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The frame of PaCo's CIFAR-LT script, so that methods compare: ResNet-32, one GPU, batch 128, float32, SGD 0.05, 400
# epochs. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/classifier.py',
    '../_base_/schedules/cifar-400e.py',
]

model = dict(backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32), head=dict(num_classes=_base_.num_classes))
