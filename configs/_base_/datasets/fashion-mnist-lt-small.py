# Fashion-MNIST-LT `small`: 1,236 training images (500 of the largest class, 5 of the smallest), 10,000 test images.
# The number of views is the method's choice: `train_pipeline` makes one, `two_view_pipeline` two.
data_root = 'data/fashion_mnist'
num_classes = 10
imbalance = dict(imbalance_factor=100, num_max=500)
in_memory = dict(serialize_data=False)  # tiny images: pickling them in advance only delays the start
data_preprocessor = dict(
    type='ltcl.MultiViewDataPreprocessor', num_classes=num_classes, mean=[72.94], std=[90.02], channels_last=True
)

train_pipeline = [dict(type='ltcl.Views', recipes=['fashion']), dict(type='PackInputs')]
two_view_pipeline = [dict(type='ltcl.Views', recipes=['fashion', 'fashion']), dict(type='PackInputs')]
test_pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(
        type='ltcl.FashionMNISTLT',
        data_root=data_root,
        split='train',
        pipeline=train_pipeline,
        **imbalance,
        **in_memory,
    ),
)
test_dataloader = dict(
    batch_size=500,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='ltcl.FashionMNISTLT', data_root=data_root, split='test', pipeline=test_pipeline, **imbalance, **in_memory
    ),
)
val_dataloader = test_dataloader
val_evaluator = [dict(type='ltcl.ShotAccuracy'), dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
