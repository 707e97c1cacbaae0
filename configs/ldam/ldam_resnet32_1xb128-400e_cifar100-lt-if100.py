# LDAM on CIFAR-100-LT, imbalance factor 100, without its re-weighing of the classes late in the training.
#
#     python tools/train.py configs/ldam/ldam_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The frame of PaCo's CIFAR-LT script, so that methods compare: ResNet-32, one GPU, batch 128, float32, SGD 0.05, 400
# epochs. Not run here.
_base_ = '../cross_entropy/cross-entropy_resnet32_1xb128-400e_cifar100-lt-if100.py'

# Margins are cosines, so the classifier is a cosine classifier; scale and largest margin are LDAM's.
loss = dict(type='ltcl.LDAMLoss', num_classes=100, scale=30.0, max_margin=0.5)
model = dict(head=dict(_delete_=True, type='ltcl.CosineClsHead', num_classes=100, scale=30.0, loss=loss))
