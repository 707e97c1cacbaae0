# Linear classifier on the frozen encoder of KCL, iNaturalist 2018, by the alternative pipeline in the repository of
# TSC, the only one there for these images.
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     tools/dist_train.sh configs/stage2/linear_kcl_resnet50_4xb512-40e_inat2018.py 4
#
# Hardware: 4 GPUs, inferred from ImageNet-LT; float32.
# Batch: 2048, 512 on each GPU, no accumulation; four images of a class in a row, the classes in turn. 40 epochs of 213
#   steps. Crop and flip only, no jitter.
# Batch norm: on each GPU, in train mode as published (model.train_bn=False leaves it alone).
# Rate: 30 for the whole batch; for another one, in proportion. The milestones are 20 and 30, but the scheduler steps
#   before an epoch: the rate drops after 19 and after 29. No weight decay.
# Seed: 0, as in the authors' command for ImageNet-LT.
# No result of it is published. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/inat2018.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-40e.py',
]
stage1_config = 'configs/kcl/kcl_resnet50_4xb64-200e_inat2018.py'
load_from = 'work_dirs/kcl_resnet50_4xb64-200e_inat2018/epoch_200.pth'

model = dict(head=dict(num_classes=_base_.num_classes))
train_pipeline = [_base_.load, dict(type='ltcl.Views', recipes=['crop_flip']), _base_.pack]
train_dataloader = dict(
    batch_size=512,
    sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=4),
    dataset=dict(pipeline=train_pipeline),
)
optim_wrapper = dict(optimizer=dict(lr=30.0))
param_scheduler = dict(milestones=[19, 29])
default_hooks = dict(strict_load=dict(ignore=_base_.non_encoder))
