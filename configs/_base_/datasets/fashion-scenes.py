# Scenes composed of Fashion-MNIST garments, 128x128, grey: 827 training scenes with a long tail of classes (background
# in all of them, T-shirt in 789, ankle boot in 20), 334 validation scenes with 200 garments of each class.
data_root = 'data/fashion_scenes'
class_counts = 'data/fashion_scenes/class_counts.json'
num_classes = 11
crop_size = (96, 96)
data_preprocessor = dict(type='SegDataPreProcessor', mean=[44.0], std=[46.0], size=crop_size, seg_pad_val=255)

train_pipeline = [
    dict(type='LoadImageFromFile', color_type='grayscale'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=(128, 128), ratio_range=(0.75, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.9),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile', color_type='grayscale'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
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
