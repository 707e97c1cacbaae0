# LIFT on CIFAR-100-LT, imbalance factor 100 with CLIP's ViT-B/16: adapters in a frozen encoder, logit adjustment.
# Long-Tail Learning with Foundation Model: Heavy Fine-Tuning Hurts, ICML 2024, https://arxiv.org/abs/2309.10019
#
#     python tools/train.py configs/finetune/lift_vit-base-clip_1xb128-5e_cifar100-lt-if100.py
#
# Hardware: one GPU (20 GB for the original), 128 images a step, bfloat16; 5 epochs of 84 steps. Adapters of width 4,
# the power of two at or below 100 classes / 24. Differs: the classifier starts from the means of the training
# features, where the original takes CLIP's features of the class names; 5 epochs for 10 (20 on iNaturalist); one crop
# in the test. Not run here.
_base_ = [
    '../_base_/class_mean_runtime.py',
    '../_base_/datasets/cifar100-lt.py',
    '../_base_/models/lift-clip.py',
    '../_base_/schedules/lift-5e.py',
]

model = dict(
    backbone=dict(adapter=dict(width=4)),
    head=dict(num_classes=_base_.num_classes, loss=dict(num_classes=_base_.num_classes)),
)
data_preprocessor = dict(
    mean=[255 * mean for mean in (0.48145466, 0.4578275, 0.40821073)],
    std=[255 * std for std in (0.26862954, 0.26130258, 0.27577711)],
)
train_pipeline = [dict(type='ltcl.Views', recipes=['crop_flip'], size=224), _base_.pack]
test_pipeline = [dict(type='ltcl.EvalView', resize=256, size=224), _base_.pack]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
test_dataloader = dict(batch_size=128, dataset=dict(pipeline=test_pipeline))
val_dataloader = test_dataloader
