# Places-LT: 62,500 training images of 365 classes (4,980 down to 5), 7,300 for validation, 36,500 for the test.
#
#     data/places
#     ├── Places_LT    Places_LT_train.txt, Places_LT_val.txt, Places_LT_test.txt: lines "relative/path label"
#     └── data_256, val_256, ...    folders that the lists name, for example data_256/a/airfield/00000001.jpg
#
# PaCo and GPaCo report the accuracy on the 7,300 validation images (20 of each class), so these are the test set here.
# Other papers report it on the test list: test_dataloader.dataset.ann_file=Places_LT/Places_LT_test.txt.
_base_ = './imagenet-lt.py'

data_root = 'data/places'
num_classes = 365
data_preprocessor = dict(num_classes=num_classes)
images = dict(data_root=data_root, num_classes=num_classes)
train_dataloader = dict(dataset=dict(**images, ann_file='Places_LT/Places_LT_train.txt'))
val_dataloader = dict(dataset=dict(**images, ann_file='Places_LT/Places_LT_val.txt'))
test_dataloader = val_dataloader
