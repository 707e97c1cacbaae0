# BalPoE with three experts on your own images.
# Balanced Product of Calibrated Experts for Long-Tailed Recognition, CVPR 2023, https://arxiv.org/abs/2206.05260
#
#     make train CONFIG=configs/custom/balpoe_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware and recipe are those of cross entropy here; the experts share the whole network. Taus and scale are those of
# CIFAR-100-LT. The published mixup, which calibrates the experts, is left out, since frozen features cannot be mixed:
# --cfg-options data_preprocessor.batch_augments.augments="[dict(type='Mixup',alpha=0.4)]" adds it to a training of the
# network. Not tuned, not run at this size.
_base_ = './cross-entropy_resnet50_1xb32-100e_own-images.py'

model = dict(
    head=dict(_delete_=True, type='ltcl.BalPoEHead', num_classes=_base_.num_classes, taus=(0.0, 1.0, 2.0)),
)
