# Your own images and masks, with the tail that they have.
#
#     --cfg-options data_root=data/cracks
#
#     data/cracks/images/*.jpg, data/cracks/masks/*.png
#     data/cracks/{train,val,test}/{images,masks}/*, or {images,masks}/{train,val,test}/*    val and test may be missing
#     data/cracks/a.jpg, data/cracks/a_mask.png
#     data/cracks/classes.csv, lines "value,name" or "red,green,blue,name", where the values do not tell their classes
#
# Number and names of the classes, pixels and images of each, and shot groups come from the masks. Without a part for
# validation, val_share of the images is drawn for it; without a test set, the test is on the images of validation.
data_root = 'data/own_scenes'
num_classes = None  # filled with that of the data at the start, here and wherever a config says None
val_share = 0.2
split_seed = 0
unpaired = 'refuse'  # images without masks and masks without images; or 'skip'
image_size = 512  # side of the squares that are trained on, and the shorter side of an image before they are cut out
crop_size = (image_size, image_size)
img_scale = (4 * image_size, image_size)
data_preprocessor = dict(
    type='SegDataPreProcessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    bgr_to_rgb=True,
    size=crop_size,
    pad_val=0,
    seg_pad_val=255,
)

load_masks = [dict(type='LoadAnnotations'), dict(type='ltcl.MapOwnLabels')]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    *load_masks,
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
    *load_masks,
    dict(type='PackSegInputs'),
]
# --tta: six scales of the box that the image is fitted into, each as it is and flipped.
tta_scales = [tuple(int(ratio * side) for side in img_scale) for ratio in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)]
tta_model = dict(type='SegTTAModel')
tta_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='Resize', scale=scale, keep_ratio=True) for scale in tta_scales],
            [dict(type='RandomFlip', prob=prob, direction='horizontal') for prob in (0.0, 1.0)],
            *[[step] for step in load_masks],
            [dict(type='PackSegInputs')],
        ],
    ),
]

scenes = dict(type='ltcl.OwnScenes', data_root=data_root, val_share=val_share, split_seed=split_seed, unpaired=unpaired)
workers = dict(num_workers=4, persistent_workers=True)
train_dataloader = dict(
    batch_size=8,
    **workers,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(**scenes, split='train', pipeline=train_pipeline),
)
evaluation = dict(batch_size=1, **workers, sampler=dict(type='DefaultSampler', shuffle=False))
val_dataloader = dict(**evaluation, dataset=dict(**scenes, split='val', test_mode=True, pipeline=test_pipeline))
test_dataloader = dict(**evaluation, dataset=dict(**scenes, split='test', test_mode=True, pipeline=test_pipeline))
# A third of the classes, those with most training pixels, are many-shot, a third few-shot.
val_evaluator = [dict(type='ltcl.ShotIoUMetric', count_key='pixel')]
test_evaluator = val_evaluator
