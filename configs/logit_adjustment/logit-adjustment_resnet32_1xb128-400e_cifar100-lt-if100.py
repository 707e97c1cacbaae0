# Logit adjustment on CIFAR-100-LT, imbalance factor 100.
#
#     python tools/train.py configs/logit_adjustment/logit-adjustment_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# The frame of PaCo's CIFAR-LT script, so that methods compare: ResNet-32, one GPU, batch 128, float32, SGD 0.05, 400
# epochs. Not run here.
_base_ = '../cross_entropy/cross-entropy_resnet32_1xb128-400e_cifar100-lt-if100.py'

# Weaker than balanced softmax, which is tau = 1.
model = dict(head=dict(loss=dict(type='ltcl.LogitAdjustedLoss', num_classes=100, tau=0.75)))
