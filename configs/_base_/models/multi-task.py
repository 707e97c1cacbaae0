# Supervised contrast beside a loss of the classifier, GPaCo's baseline: its views and projector.
model = dict(
    type='ltcl.ContrastiveClassifier',
    online_views=(0, 1),
    backbone=dict(type='ResNet', depth=50, zero_init_residual=False),
    neck=dict(type='GlobalAveragePooling'),
    projector=dict(type='ltcl.Projector', out_channels=128, num_layers=3),
    head=dict(type='ltcl.MultiTaskHead', alpha=0.5),
)
