# ResNet-50 for 32x32 colour images: a 3x3 stem of stride 1 without pooling, then the four stages of ResNet-50.
_base_ = './resnet50.py'

model = dict(backbone=dict(type='ResNet_CIFAR'), head=dict(num_classes=100))
