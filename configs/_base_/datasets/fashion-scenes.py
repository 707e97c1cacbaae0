# Scenes composed of Fashion-MNIST garments, 96x96, grey: 933 training scenes with a long tail of classes (T-shirt in
# 859 of them, ankle boot in 40), 334 validation scenes with 200 garments of each class.
data_root = 'data/fashion_scenes'
class_counts = 'data/fashion_scenes/class_counts.json'
num_classes = 11
crop_size = (96, 96)
data_preprocessor = dict(type='SegDataPreProcessor', mean=[64.8], std=[56.1], size=crop_size, seg_pad_val=255)

train_pipeline = [
    dict(type='LoadImageFromFile', color_type='grayscale'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=crop_size, ratio_range=(1.0, 1.35), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.9),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', color_type='grayscale'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
# --tta: six scales, each as it is and flipped.
tta_scales = [tuple(int(ratio * side) for side in crop_size) for ratio in (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)]
tta_model = dict(type='SegTTAModel')
tta_pipeline = [
    dict(type='LoadImageFromFile', color_type='grayscale'),
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

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='ltcl.FashionScenes',
        data_root=data_root,
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ltcl.FashionScenes',
        data_root=data_root,
        data_prefix=dict(img_path='img_dir/val', seg_map_path='ann_dir/val'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='ltcl.ShotIoUMetric', class_counts=class_counts)]
test_evaluator = val_evaluator
