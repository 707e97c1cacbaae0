# A network with a linear classifier. Convolutions: He's normal distribution (fan-out). Norms, the last of a block too:
# 1, 0.
#
# Here and in the models of the methods the network is ResNet-50 for 224x224 images. For small ones a config replaces
# it, backbone=dict(_delete_=True, type='ltcl.CifarResNet', depth=32). The widths of projector and head follow from it.
model = dict(
    type='ltcl.Classifier',
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', loss=dict(type='CrossEntropyLoss'), init_cfg=None),
)
