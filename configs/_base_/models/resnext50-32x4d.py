# ResNeXt-50 with 32 groups of width 4, for 224x224 images, initialised as ResNet-50.
_base_ = './resnet50.py'

model = dict(backbone=dict(type='ResNeXt', groups=32, width_per_group=4))
