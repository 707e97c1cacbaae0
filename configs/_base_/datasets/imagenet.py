# ImageNet, the whole balanced set: 1,281,167 training and 50,000 validation images of 1,000 classes.
#
#     data/imagenet
#     ├── train    n01440764/n01440764_190.JPEG, ...
#     └── val      n01440764/ILSVRC2012_val_00000293.JPEG, ...; a folder for each class
#
# The classes are level, so all of them are in the shot group "many".
data_root = 'data/imagenet'
num_classes = 1000
data_preprocessor = dict(
    type='ltcl.MultiViewDataPreprocessor',
    num_classes=num_classes,
    mean=[255 * mean for mean in (0.485, 0.456, 0.406)],
    std=[255 * std for std in (0.229, 0.224, 0.225)],
    to_rgb=False,
)

load = dict(type='ltcl.LoadImage')
pack = dict(type='PackInputs')
train_pipeline = [load, dict(type='ltcl.Views', recipes=['regular'], size=224), pack]
test_pipeline = [load, dict(type='ltcl.EvalView', resize=256, size=224), pack]

images = dict(type='ltcl.ImageFolderDataset', data_root=data_root, num_classes=num_classes)
workers = dict(num_workers=8, persistent_workers=True, pin_memory=True)
train_dataloader = dict(
    batch_size=32,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(**images, data_prefix='train', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=128,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(**images, data_prefix='val', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='ltcl.ShotAccuracy'), dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
