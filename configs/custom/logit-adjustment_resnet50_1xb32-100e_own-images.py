# Logit adjustment on your own images: balanced softmax with a strength, tau, that may be chosen.
# Long-tail Learning via Logit Adjustment, ICLR 2021, https://arxiv.org/abs/2007.07314
#
#     make train CONFIG=configs/custom/logit-adjustment_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware and recipe are those of cross entropy here. tau is that of Fashion-MNIST-LT `small`, weaker than balanced
# softmax, which is 1: --cfg-options model.head.loss.tau=0.5 for less. Not tuned, not run at this size.
_base_ = './cross-entropy_resnet50_1xb32-100e_own-images.py'

model = dict(
    head=dict(loss=dict(_delete_=True, type='ltcl.LogitAdjustedLoss', num_classes=_base_.num_classes, tau=0.75))
)
