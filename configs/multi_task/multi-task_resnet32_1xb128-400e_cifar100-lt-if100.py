# Balanced softmax beside supervised contrast, GPaCo's baseline: CIFAR-100-LT, imbalance factor 100.
#
#     python tools/train.py configs/multi_task/multi-task_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The frame of PaCo's CIFAR-LT script, so that methods compare: ResNet-32, one GPU, batch 128, float32, SGD 0.05, 400
# epochs. Views, projector and queue are those of our GPaCo config. Not run here.
_base_ = '../gpaco/gpaco_resnet32_1xb128-400e_cifar100-lt-if100.py'

model = dict(
    head=dict(
        _delete_=True,
        type='ltcl.MultiTaskHead',
        num_classes=100,
        in_channels=64,
        feat_dim=32,
        queue_len=1024,
        alpha=0.5,
        temperature=0.2,
        loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=100),
    )
)
