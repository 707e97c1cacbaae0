# ADE20K (SceneParse150): 20,210 training images, 2,000 for validation, 150 classes. Label 0, "other", becomes void.
#
#     data/ade/ADEChallengeData2016
#     ├── images         training/ADE_train_00000001.jpg, validation/ADE_val_00000001.jpg, ...
#     └── annotations    training/ADE_train_00000001.png, validation/ADE_val_00000001.png, ...: labels 0 to 150
#
# Mean IoU by class frequency as well, with the counts of tools/analysis_tools/seg_class_stats.py CONFIG --out FILE:
# --cfg-options val_evaluator.0.class_counts=FILE test_evaluator.0.class_counts=FILE.
data_root = 'data/ade/ADEChallengeData2016'
num_classes = 150
img_scale = (2048, 512)
crop_size = (512, 512)
data_preprocessor = dict(
    type='SegDataPreProcessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    size=crop_size,
    pad_val=0,
    seg_pad_val=255,
)

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=img_scale, ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs'),
]
# Labels are loaded after the resize: the prediction is brought to their size, not they to its size.
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
# --tta: six scales of the box that the image is fitted into, each as it is and flipped.
tta_ratios = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
tta_scales = [tuple(int(ratio * side) for side in img_scale) for ratio in tta_ratios]
tta_model = dict(type='SegTTAModel')
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale=scale, keep_ratio=True) for scale in tta_scales],
            [dict(type='RandomFlip', prob=prob, direction='horizontal') for prob in (0.0, 1.0)],
            [dict(type='LoadAnnotations')],
            [dict(type='PackSegInputs')],
        ],
    ),
]

images = dict(type='ADE20KDataset', data_root=data_root)
workers = dict(num_workers=4, persistent_workers=True, pin_memory=True)
train_dataloader = dict(
    batch_size=2,
    **workers,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        **images,
        data_prefix=dict(img_path='images/training', seg_map_path='annotations/training'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    **workers,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        **images,
        data_prefix=dict(img_path='images/validation', seg_map_path='annotations/validation'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='ltcl.ShotIoUMetric')]
test_evaluator = val_evaluator
