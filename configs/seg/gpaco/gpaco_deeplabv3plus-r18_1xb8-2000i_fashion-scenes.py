# GPaCo on the composed scenes.
# Generalized Parametric Contrastive Learning, TPAMI 2023, https://arxiv.org/abs/2209.12400
#
#     make train CONFIG=configs/seg/gpaco/gpaco_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py
_base_ = '../cross_entropy/cross-entropy_deeplabv3plus-r18_1xb8-2000i_fashion-scenes.py'

model = dict(
    decode_head=dict(
        branches=dict(
            # All 32x32 positions at stride 4.
            gpaco=dict(
                type='ltcl.GPaCoBranch', embed_channels=64, sampler=dict(type='ltcl.RandomPixelSampler', num_samples=-1)
            )
        )
    )
)
