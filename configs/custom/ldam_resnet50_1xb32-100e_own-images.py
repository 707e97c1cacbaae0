# LDAM on your own images: a cosine classifier with a wider margin for smaller classes.
# Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss, NeurIPS 2019,
# https://arxiv.org/abs/1906.07413
#
#     make train CONFIG=configs/custom/ldam_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware and recipe are those of cross entropy here. Scale and largest margin are LDAM's. Its re-weighing of the
# classes late in the training is left out: --cfg-options model.head.loss.effective_number_beta=0.9999 weighs them from
# the first epoch. Not tuned, not run at this size.
_base_ = './cross-entropy_resnet50_1xb32-100e_own-images.py'

loss = dict(type='ltcl.LDAMLoss', num_classes=_base_.num_classes, scale=30.0, max_margin=0.5)
model = dict(
    head=dict(_delete_=True, type='ltcl.CosineClsHead', num_classes=_base_.num_classes, scale=30.0, loss=loss),
)
