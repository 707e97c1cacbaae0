# Linear classifier on the frozen encoder of KCL, ImageNet-LT: stage 2 by the command of TSC's authors.
# Targeted Supervised Contrastive Learning for Long-Tailed Recognition, CVPR 2022, https://arxiv.org/abs/2111.13998
#
#     tools/dist_train.sh configs/stage2/linear_kcl_resnet50_4xb512-40e_imagenet-lt.py 4
#
# Hardware: 4 GPUs, as in the README; float32.
# Batch: 2048, 512 on each GPU, no accumulation; four images of a class in a row, the classes in turn. 40 epochs of 56
#   steps.
# Batch norm: on each GPU, in train mode as published (model.train_bn=False leaves it alone).
# Rate: 10 for the whole batch; for another one, in proportion. A tenth after 20 and after 30 epochs, no weight decay.
# Seed: 0, as in the command.
# The authors keep the epoch that is best on the test list; here the validation list decides. For theirs:
#   --cfg-options val_dataloader.dataset.ann_file=ImageNet_LT/ImageNet_LT_test.txt
# Top-1 in their README: 51.2, 51.6, 51.5, 51.2, 51.3 (five trials); 51.5 in the supplement. Not run here.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/imagenet-lt.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-40e.py',
]
stage1_config = 'configs/kcl/kcl_resnet50_4xb64-200e_imagenet-lt.py'
load_from = 'work_dirs/kcl_resnet50_4xb64-200e_imagenet-lt/epoch_200.pth'

model = dict(head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(batch_size=512, sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=4))
default_hooks = dict(strict_load=dict(ignore=_base_.non_encoder))
