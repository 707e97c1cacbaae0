# DeepLabV3+, 512 wide, on ResNet-101-v1c with output stride 8.
_base_ = './deeplabv3plus-r50.py'

model = dict(backbone=dict(depth=101, init_cfg=dict(checkpoint='open-mmlab://resnet101_v1c')))
