# GPaCo with Lovász-softmax of weight 1 beside the cross entropy, on the composed scenes.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     make train CONFIG=configs/seg/gpaco/gpaco-lovasz_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py
#
# About 7 1/2 minutes on one CPU core.
_base_ = '../cross_entropy/cross-entropy_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py'

gpaco = dict(
    type='ltcl.GPaCoBranch',
    embed_channels=64,
    alpha=0.01,
    temperature=0.07,
    sampler=dict(type='ltcl.RandomPixelSampler', num_samples=-1),  # all 24x24 positions at stride 4
)
model = dict(
    decode_head=dict(
        branches=dict(gpaco=gpaco),
        loss_decode=[
            dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=1.0),
            dict(type='ltcl.LovaszSoftmaxLoss', loss_weight=1.0),
        ],
    )
)
