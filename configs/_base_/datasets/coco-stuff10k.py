# COCO-Stuff 10k (v1.1): 9,000 training images, 1,000 test images, 171 classes. Label 0, "unlabelled", becomes void.
#
#     data/coco_stuff10k
#     ├── images         train2014/COCO_train2014_000000000077.jpg, ..., test2014/COCO_train2014_000000000064.jpg, ...
#     └── annotations    train2014/COCO_train2014_000000000077_labelTrainIds.png, ..., test2014/...: labels 0 to 171
#
# This is what mmsegmentation's tools/dataset_converters/coco_stuff10k.py makes of the published archive. Validation
# and test are on the 1,000 test images, as published.
_base_ = './ade20k.py'

data_root = 'data/coco_stuff10k'
num_classes = 171
images = dict(type='COCOStuffDataset', data_root=data_root, reduce_zero_label=True)
train_dataloader = dict(
    batch_size=4,
    dataset=dict(**images, data_prefix=dict(img_path='images/train2014', seg_map_path='annotations/train2014')),
)
val_dataloader = dict(
    dataset=dict(**images, data_prefix=dict(img_path='images/test2014', seg_map_path='annotations/test2014'))
)
test_dataloader = val_dataloader
