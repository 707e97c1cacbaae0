# UPerNet, 512 wide, on Swin-B with windows of 12, pre-trained on images of 384.
_base_ = './upernet-swin-tiny.py'

model = dict(
    backbone=dict(
        pretrain_img_size=384, embed_dims=128, window_size=12, depths=[2, 2, 18, 2], num_heads=[4, 8, 16, 32]
    ),
    decode_head=dict(in_channels=[128, 256, 512, 1024]),
    auxiliary_head=dict(in_channels=512),
)
