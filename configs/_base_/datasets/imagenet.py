# ImageNet, the whole balanced set: 1,281,167 training and 50,000 validation images of 1,000 classes.
#
#     data/imagenet
#     ├── train    n01440764/n01440764_190.JPEG, ...
#     └── val      n01440764/ILSVRC2012_val_00000293.JPEG, ...; a folder for each class
#
# The classes are level, so all of them are in the shot group "many".
_base_ = './imagenet-lt.py'

images = dict(type='ltcl.ImageFolderDataset', data_root=_base_.data_root, num_classes=_base_.num_classes)
train_dataloader = dict(
    dataset=dict(_delete_=True, **images, data_prefix='train', pipeline=_base_.train_pipeline),
)
val_dataloader = dict(
    dataset=dict(_delete_=True, **images, data_prefix='val', pipeline=_base_.test_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
