# CIFAR-100-LT: 500 training images of class 0 down to 5 of class 99 (imbalance factor 100), 10,000 test images.
# Images are RGB from the file to the network. The views are blocks of the recipes; a method's config picks its own.
data_root = 'data/cifar100'
num_classes = 100
# The recipes normalise CIFAR-100 with the statistics of CIFAR-10.
data_preprocessor = dict(
    type='ltcl.MultiViewDataPreprocessor',
    num_classes=num_classes,
    mean=[255 * mean for mean in (0.4914, 0.4822, 0.4465)],
    std=[255 * std for std in (0.2023, 0.1994, 0.2010)],
    to_rgb=False,
)

regular_view = [
    dict(type='NumpyToPIL', to_rgb=False),
    dict(type='torchvision/RandomCrop', size=32, padding=4),
    dict(type='torchvision/RandomHorizontalFlip'),
    dict(type='ltcl.CIFAR10AutoAugment'),
    dict(type='PILToNumpy', to_bgr=False),
    dict(type='ltcl.Cutout', length=16),
]
sim_unblurred = [
    dict(type='NumpyToPIL', to_rgb=False),
    dict(type='torchvision/RandomResizedCrop', size=32, scale=(0.2, 1.0)),
    dict(type='torchvision/RandomHorizontalFlip'),
    dict(
        type='RandomApply',
        transforms=[dict(type='torchvision/ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)],
        prob=0.8,
    ),
    dict(type='torchvision/RandomGrayscale', p=0.2),
    dict(type='PILToNumpy', to_bgr=False),
]
# Pillow's blur with a radius uniform in 0.1..2.
blur = dict(type='GaussianBlur', magnitude_range=(0.1, 2.0), magnitude_std='inf')
sim_view = [*sim_unblurred, dict(**blur, prob=0.5)]
sim_weak_blur_view = [*sim_unblurred, dict(**blur, prob=0.2)]

train_pipeline = [*regular_view, dict(type='PackInputs')]
test_pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    drop_last=True,
    dataset=dict(
        type='ltcl.CIFAR100LT', data_root=data_root, split='train', imbalance_factor=100, pipeline=train_pipeline
    ),
)
test_dataloader = dict(
    batch_size=500,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='ltcl.CIFAR100LT', data_root=data_root, split='test', pipeline=test_pipeline),
)
val_dataloader = test_dataloader
val_evaluator = [dict(type='ltcl.ShotAccuracy'), dict(type='Accuracy', topk=(1, 5))]
test_evaluator = val_evaluator
