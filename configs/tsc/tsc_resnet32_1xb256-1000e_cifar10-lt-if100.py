# TSC on CIFAR-10-LT, imbalance factor 100, by the defaults of the released script.
#
#     python tools/train.py configs/tsc/tsc_resnet32_1xb256-1000e_cifar10-lt-if100.py
#
# Batch 256, all positives (K = 0), rate 0.05 with 5 epochs of warm-up, a hundredth of it after epoch 160 and again
# after epoch 180, no cosine. The script's default network, a ResNet-50 for small images, is ResNet-32 here. Else as
# tsc_resnet32_1xb1024-1000e_cifar10-lt-if100.py: one GPU, seed 0. No result is published. Not run here.
_base_ = './tsc_resnet32_1xb1024-1000e_cifar10-lt-if100.py'

model = dict(head=dict(num_positives=0))
train_dataloader = dict(batch_size=256)
optim_wrapper = dict(optimizer=dict(lr=0.05))
param_scheduler = dict(
    _delete_=True, type='ltcl.WarmupStepLR', warmup_epochs=5, milestones=[159, 179], gamma=0.01, overshoot=False
)
