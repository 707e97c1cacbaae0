# ImageNet-LT: 115,846 training images of 1,000 classes (1,280 down to 5), 20,000 for validation, 50,000 for the test.
#
#     data/imagenet
#     ├── ImageNet_LT    ImageNet_LT_train.txt, ImageNet_LT_val.txt, ImageNet_LT_test.txt: lines "relative/path label"
#     ├── train          n01440764/n01440764_190.JPEG, ...
#     └── val            n01440764/ILSVRC2012_val_00000293.JPEG, ...; test images, a folder for each class
#
# A method's config picks the views: train_pipeline = [_base_.load, dict(type='ltcl.Views', ...), _base_.pack].
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

images = dict(type='ltcl.ImageListDataset', data_root=data_root, num_classes=num_classes)
workers = dict(num_workers=8, persistent_workers=True, pin_memory=True)
train_dataloader = dict(
    batch_size=32,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(**images, ann_file='ImageNet_LT/ImageNet_LT_train.txt', pipeline=train_pipeline),
)
evaluation = dict(
    batch_size=128,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
)
val_dataloader = dict(
    **evaluation,
    dataset=dict(**images, ann_file='ImageNet_LT/ImageNet_LT_val.txt', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(
    **evaluation,
    dataset=dict(**images, ann_file='ImageNet_LT/ImageNet_LT_test.txt', pipeline=test_pipeline, test_mode=True),
)
val_evaluator = [dict(type='ltcl.ShotAccuracy'), dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
