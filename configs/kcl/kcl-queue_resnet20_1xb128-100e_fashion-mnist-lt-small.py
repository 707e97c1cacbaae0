# KCL with a momentum encoder and a queue, the form for ImageNet-LT and iNaturalist, on Fashion-MNIST-LT `small`.
#
#     python tools/train.py configs/kcl/kcl-queue_resnet20_1xb128-100e_fashion-mnist-lt-small.py
#
# With ten classes it stays behind the form within the batch (README.md): the largest one fills 40 % of the queue, and
# all but K of its rows push their own class away. Stage 2:
#     python tools/train.py configs/stage2/linear_kcl_resnet20_1xb128-20e_fashion-mnist-lt-small.py \
#       --cfg-options load_from=work_dirs/kcl-queue_resnet20_1xb128-100e_fashion-mnist-lt-small/epoch_100.pth
_base_ = './kcl_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

model = dict(
    online_views=(0,),
    key_views=(1,),
    joint_forward=False,
    shuffle_bn=True,
    head=dict(
        _delete_=True,
        type='ltcl.KCLHead',
        num_classes=10,
        feat_dim=32,
        queue_len=512,
        num_positives=6,
        temperature=0.1,
    ),
)
# 900 steps: see configs/paco/README.md.
custom_hooks = [*_base_.custom_hooks, dict(type='ltcl.MomentumUpdateHook', momentum=0.99)]
