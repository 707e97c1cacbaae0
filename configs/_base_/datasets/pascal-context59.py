# Pascal Context, 59 classes: 4,996 training images, 5,104 for validation. Label 0, background, becomes void.
#
#     data/VOCdevkit/VOC2010
#     ├── JPEGImages                         2008_000002.jpg, ...
#     ├── SegmentationClassContext           2008_000002.png, ...: labels 0 to 59
#     └── ImageSets/SegmentationContext      train.txt, val.txt: a name in each line
#
# The label maps are those that mmsegmentation's tools/dataset_converters/pascal_context.py makes.
_base_ = './ade20k.py'

data_root = 'data/VOCdevkit/VOC2010'
num_classes = 59
img_scale = (520, 520)
crop_size = (480, 480)
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

folders = dict(img_path='JPEGImages', seg_map_path='SegmentationClassContext')
images = dict(type='PascalContextDataset59', data_root=data_root, data_prefix=folders)
lists = 'ImageSets/SegmentationContext'
train_dataloader = dict(batch_size=4, dataset=dict(**images, ann_file=f'{lists}/train.txt', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(**images, ann_file=f'{lists}/val.txt', pipeline=test_pipeline))
test_dataloader = val_dataloader
