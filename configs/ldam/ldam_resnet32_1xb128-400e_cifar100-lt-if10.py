# LDAM on CIFAR-100-LT, imbalance factor 10: 19,573 training images, 152 steps an epoch.
# Not run here.
_base_ = '../cross_entropy/cross-entropy_resnet32_1xb128-400e_cifar100-lt-if100.py'

# Margins are cosines, so the classifier is a cosine classifier; scale and largest margin are LDAM's.
loss = dict(type='ltcl.LDAMLoss', num_classes=100, scale=30.0, max_margin=0.5)
model = dict(head=dict(_delete_=True, type='ltcl.CosineClsHead', num_classes=100, scale=30.0, loss=loss))
train_dataloader = dict(dataset=dict(imbalance_factor=10))
