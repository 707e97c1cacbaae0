# Cityscapes, fine annotations: 2,975 training images of 2048x1024, 500 for validation, 19 classes.
#
#     data/cityscapes
#     ├── leftImg8bit    train/aachen/aachen_000000_000019_leftImg8bit.png, val/frankfurt/..., ...
#     └── gtFine         train/aachen/aachen_000000_000019_gtFine_labelTrainIds.png, ...: labels 0 to 18, 255 is void
#
# cityscapesscripts (csCreateTrainIdLabelImgs) makes the files that end in labelTrainIds.
_base_ = './ade20k.py'

data_root = 'data/cityscapes'
num_classes = 19
img_scale = (2048, 1024)
crop_size = (512, 1024)
data_preprocessor = dict(size=crop_size)

train_pipeline = [
    *_base_.train_pipeline[:2],
    dict(type='RandomResize', scale=img_scale, ratio_range=(0.5, 2.0), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop_size, cat_max_ratio=0.75),
    *_base_.train_pipeline[4:],
]
test_pipeline = [
    _base_.test_pipeline[0],
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    *_base_.test_pipeline[2:],
]
tta_scales = [tuple(int(ratio * side) for side in img_scale) for ratio in _base_.tta_ratios]
resizes = [dict(type='Resize', scale=scale, keep_ratio=True) for scale in tta_scales]
tta_pipeline = [
    _base_.tta_pipeline[0],
    dict(type='TestTimeAug', transforms=[resizes, *_base_.tta_pipeline[1].transforms[1:]]),
]

images = dict(type='CityscapesDataset', data_root=data_root)
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        **images, data_prefix=dict(img_path='leftImg8bit/train', seg_map_path='gtFine/train'), pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    dataset=dict(
        **images, data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine/val'), pipeline=test_pipeline
    )
)
test_dataloader = val_dataloader
