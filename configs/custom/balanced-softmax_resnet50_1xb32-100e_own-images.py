# Balanced softmax on your own images: cross entropy with the class frequencies in its logits, at no cost.
#
#     make train CONFIG=configs/custom/balanced-softmax_resnet50_1xb32-100e_own-images.py \
#       ARGS="--cfg-options data_root=data/birds"
#
# Hardware and recipe are those of cross entropy here. Not tuned, not run at this size.
_base_ = './cross-entropy_resnet50_1xb32-100e_own-images.py'

model = dict(head=dict(loss=dict(_delete_=True, type='ltcl.BalancedSoftmaxLoss', num_classes=_base_.num_classes)))
