# Logit adjustment on CIFAR-100-LT, imbalance factor 50: 12,608 training images, 98 steps an epoch.
# Not run here.
_base_ = '../cross_entropy/cross-entropy_resnet32_1xb128-400e_cifar100-lt-if100.py'

# Weaker than balanced softmax, which is tau = 1.
model = dict(head=dict(loss=dict(type='ltcl.LogitAdjustedLoss', num_classes=100, tau=0.75)))
train_dataloader = dict(dataset=dict(imbalance_factor=50))
