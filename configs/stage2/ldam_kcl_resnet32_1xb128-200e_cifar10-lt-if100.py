# Cosine classifier with LDAM loss on the frozen encoder of KCL, CIFAR-10-LT, imbalance factor 100.
#
#     python tools/train.py configs/stage2/ldam_kcl_resnet32_1xb128-200e_cifar10-lt-if100.py
#
# Known and inferred values as in ldam_kcl_resnet32_1xb128-200e_cifar100-lt-if100.py.
# Top-1 of the paper: 77.6. Not run here.
_base_ = './linear_kcl_resnet32_1xb128-40e_cifar10-lt-if100.py'

model = dict(
    head=dict(
        type='ltcl.CosineClsHead',
        scale=30.0,
        loss=dict(
            type='ltcl.LDAMLoss',
            num_classes=_base_.num_classes,
            scale=30.0,
            max_margin=0.5,
            effective_number_beta=0.9999,
        ),
    )
)
train_dataloader = dict(sampler=dict(_delete_=True, type='DefaultSampler', shuffle=True))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(milestones=[140, 180, 190])
train_cfg = dict(max_epochs=200, val_interval=10)
