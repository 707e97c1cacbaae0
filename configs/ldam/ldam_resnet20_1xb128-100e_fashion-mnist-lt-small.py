# LDAM (https://arxiv.org/abs/1906.07413) on Fashion-MNIST-LT `small`, without its re-weighing of the classes late in
# the training.
# Test accuracy of the last epoch, seeds 0, 1, 2: 78.1 ± 0.5 (README.md at the top has the comparison).
_base_ = '../cross_entropy/cross-entropy_resnet20_1xb128-100e_fashion-mnist-lt-small.py'

# Margins are cosines, so the classifier is a cosine classifier; scale and largest margin are LDAM's.
loss = dict(type='ltcl.LDAMLoss', num_classes=10, scale=30.0, max_margin=0.5)
model = dict(head=dict(_delete_=True, type='ltcl.CosineClsHead', num_classes=10, scale=30.0, loss=loss))
