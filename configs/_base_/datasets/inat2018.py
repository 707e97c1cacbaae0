# iNaturalist 2018: 437,513 training images of 8,142 classes (1,000 down to 2), 24,426 for the test, 3 of each class.
#
#     data/inaturalist2018
#     ├── iNaturalist18_train.txt, iNaturalist18_val.txt: lines "relative/path label"
#     └── train_val2018    Plantae/7291/3c9ab4b0e01a4b5da2a0e4ed2ee9aa1b.jpg, ...
#
# The 24,426 images serve for validation and test, as published; the published runs even choose the epoch by them.
_base_ = './imagenet-lt.py'

data_root = 'data/inaturalist2018'
num_classes = 8142
data_preprocessor = dict(
    num_classes=num_classes,
    mean=[255 * mean for mean in (0.466, 0.471, 0.380)],
    std=[255 * std for std in (0.195, 0.194, 0.192)],
)
images = dict(data_root=data_root, num_classes=num_classes)
train_dataloader = dict(dataset=dict(**images, ann_file='iNaturalist18_train.txt'))
val_dataloader = dict(dataset=dict(**images, ann_file='iNaturalist18_val.txt'))
test_dataloader = val_dataloader
