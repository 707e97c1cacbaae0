# Stage 2: a linear classifier on the frozen encoder of KCL, on your own images with ResNet-50.
#
#     make train CONFIG=configs/custom/linear_kcl_resnet50_1xb32-40e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# It starts from the last checkpoint of stage 1 (another: load_from=FILE). Hardware: one GPU.
# The published stage 2 for ImageNet-LT: images drawn class by class, rate 10 for 2048 images a step scaled to 32, a
# tenth of it after half of the epochs and again after three quarters. Three things differ on own images, where batches
# are small and an encoder is trained for tens of epochs, not for hundreds (docs/recipes.md): batch normalisation keeps
# its statistics, since a batch has few classes; images are as they are tested, since features of random crops taught a
# classifier less about whole ones; and `ltcl train DATA` chooses the rate by the length of the features.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/own-images.py',
    '../_base_/models/linear.py',
    '../_base_/schedules/linear-40e.py',
]
stage1_config = 'configs/custom/kcl_resnet50_1xb32-100e_own-images.py'
load_from = 'work_dirs/kcl_resnet50_1xb32-100e_own-images/epoch_100.pth'

model = dict(train_bn=False, head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(
    sampler=dict(_delete_=True, type='ltcl.ClassAwareSampler', samples_per_class=4),
    dataset=dict(pipeline=_base_.test_pipeline),
)
optim_wrapper = dict(optimizer=dict(lr=10 * 32 / 2048))
default_hooks = dict(
    checkpoint=dict(interval=5, save_best='shot/macro'),
    logger=dict(interval=20),
    strict_load=dict(ignore=_base_.non_encoder),
)
