# UPerNet, 512 wide, on Swin-L with windows of 12, pre-trained on images of 384.
_base_ = './upernet-swin-base.py'

model = dict(
    backbone=dict(embed_dims=192, num_heads=[6, 12, 24, 48]),
    decode_head=dict(in_channels=[192, 384, 768, 1536]),
    auxiliary_head=dict(in_channels=768),
)
