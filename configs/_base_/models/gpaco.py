# GPaCo: both views are classified, contrasted and trained, one after the other through the same encoder.
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=128, num_layers=3),
    head=dict(type='ltcl.PaCoHead'),
)
