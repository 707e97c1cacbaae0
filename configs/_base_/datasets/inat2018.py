# iNaturalist 2018: 437,513 training images of 8,142 classes (1,000 down to 2), 24,426 for the test, 3 of each class.
#
#     data/inaturalist2018
#     ├── iNaturalist18_train.txt, iNaturalist18_val.txt: lines "relative/path label"
#     └── train_val2018    Plantae/7291/3c9ab4b0e01a4b5da2a0e4ed2ee9aa1b.jpg, ...
#
# The 24,426 images serve for validation and test, as published; the published runs even choose the epoch by them.
data_root = 'data/inaturalist2018'
num_classes = 8142
data_preprocessor = dict(
    type='ltcl.MultiViewDataPreprocessor',
    num_classes=num_classes,
    mean=[255 * mean for mean in (0.466, 0.471, 0.380)],
    std=[255 * std for std in (0.195, 0.194, 0.192)],
    to_rgb=False,
)

load = dict(type='ltcl.LoadImage')
pack = dict(type='PackInputs')
train_pipeline = [load, dict(type='ltcl.Views', recipes=['regular'], size=224), pack]
test_pipeline = [load, dict(type='ltcl.EvalView', resize=256, size=224), pack]

images = dict(type='ltcl.ImageListDataset', data_root=data_root, num_classes=num_classes)
workers = dict(num_workers=8, persistent_workers=True, pin_memory=True)
train_dataloader = dict(
    batch_size=32,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(**images, ann_file='iNaturalist18_train.txt', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=128,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(**images, ann_file='iNaturalist18_val.txt', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='ltcl.ShotAccuracy'), dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
