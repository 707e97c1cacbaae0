# CIFAR-10-LT: 5,000 training images of class 0 down to 50 of class 9 (imbalance factor 100), 10,000 test images.
# Images are RGB from the file to the network.
# A method's config picks the views: train_pipeline = [dict(type='ltcl.Views', ...), _base_.pack].
data_root = 'data/cifar10'
num_classes = 10
data_preprocessor = dict(
    type='ltcl.MultiViewDataPreprocessor',
    num_classes=num_classes,
    mean=[255 * mean for mean in (0.4914, 0.4822, 0.4465)],
    std=[255 * std for std in (0.2023, 0.1994, 0.2010)],
    to_rgb=False,
)

pack = dict(type='PackInputs')
train_pipeline = [dict(type='ltcl.Views', recipes=['regular_cifar'], size=32), pack]
test_pipeline = [pack]

train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(
        type='ltcl.CIFAR10LT', data_root=data_root, split='train', imbalance_factor=100, pipeline=train_pipeline
    ),
)
test_dataloader = dict(
    batch_size=500,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='ltcl.CIFAR10LT', data_root=data_root, split='test', pipeline=test_pipeline),
)
val_dataloader = test_dataloader
val_evaluator = [dict(type='ltcl.ShotAccuracy'), dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
