# Balanced softmax beside supervised contrast, GPaCo's baseline, on ImageNet-LT with ResNeXt-50 32x4d.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     tools/dist_train.sh configs/multi_task/multi-task_resnext50-32x4d_4xb32-400e_imagenet-lt.py 4
#
# By the authors' published recipe: four GPUs, 32 images on each, float32, SGD 0.06; GPaCo's views.
# As in its base: no gradient accumulation; batch normalisation of every process by itself; scale the rate linearly with
# the images of a step; seed 0.
# The authors' README gives no accuracy. Not run here.
_base_ = '../gpaco/gpaco_resnext50-32x4d_4xb32-400e_imagenet-lt.py'

model = dict(
    head=dict(
        _delete_=True,
        type='ltcl.MultiTaskHead',
        num_classes=1000,
        in_channels=2048,
        feat_dim=128,
        queue_len=8192,
        alpha=0.5,
        temperature=0.2,
        loss=dict(type='ltcl.BalancedSoftmaxLoss', num_classes=1000),
    )
)
