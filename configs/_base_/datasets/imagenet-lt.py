# ImageNet-LT: 115,846 training images of 1,000 classes (1,280 down to 5), 20,000 for validation, 50,000 for the test.
#
#     data/imagenet
#     ├── ImageNet_LT    ImageNet_LT_train.txt, ImageNet_LT_val.txt, ImageNet_LT_test.txt: lines "relative/path label"
#     ├── train          n01440764/n01440764_190.JPEG, ...
#     └── val            n01440764/ILSVRC2012_val_00000293.JPEG, ...; test images, a folder for each class
#
# Views run on Pillow images and end as RGB arrays; a method's config picks its own.
data_root = 'data/imagenet'
num_classes = 1000
data_preprocessor = dict(
    type='ltcl.MultiViewDataPreprocessor',
    num_classes=num_classes,
    mean=[255 * mean for mean in (0.485, 0.456, 0.406)],
    std=[255 * std for std in (0.229, 0.224, 0.225)],
    to_rgb=False,
)

# The pixels as they lie in the file: no recipe turns an image by its EXIF tag.
load = dict(type='LoadImageFromFile', imdecode_backend='pillow', color_type='color_ignore_orientation')
to_pillow = dict(type='NumpyToPIL', to_rgb=True)
to_array = dict(type='PILToNumpy', to_bgr=False)
crop_and_flip = [
    dict(type='torchvision/RandomResizedCrop', size=224, scale=(0.08, 1.0)),
    dict(type='torchvision/RandomHorizontalFlip'),
]
jitter = dict(type='torchvision/ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4)
rand_augment = dict(type='ltcl.RandAugment', num_layers=2, magnitude=10)
jitter_or_grey = [
    dict(type='RandomApply', transforms=[dict(**jitter, hue=0.1)], prob=0.8),
    dict(type='torchvision/RandomGrayscale', p=0.2),
]
cls_view = [to_pillow, *crop_and_flip, jitter, rand_augment, to_array]
sim_view = [to_pillow, *crop_and_flip, *jitter_or_grey, to_array]
rand_view = [to_pillow, *crop_and_flip, *jitter_or_grey, rand_augment, to_array]

train_pipeline = [load, *cls_view, dict(type='PackInputs')]
test_pipeline = [
    load,
    to_pillow,
    dict(type='torchvision/Resize', size=256),
    dict(type='torchvision/CenterCrop', size=224),
    to_array,
    dict(type='PackInputs'),
]

images = dict(type='ltcl.ImageListDataset', data_root=data_root, num_classes=num_classes)
workers = dict(num_workers=8, persistent_workers=True, pin_memory=True)
train_dataloader = dict(
    batch_size=64,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=False,
    dataset=dict(**images, ann_file='ImageNet_LT/ImageNet_LT_train.txt', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=128,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(**images, ann_file='ImageNet_LT/ImageNet_LT_val.txt', pipeline=test_pipeline, test_mode=True),
)
test_dataloader = dict(
    batch_size=128,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(**images, ann_file='ImageNet_LT/ImageNet_LT_test.txt', pipeline=test_pipeline, test_mode=True),
)
val_evaluator = [dict(type='ltcl.ShotAccuracy'), dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
