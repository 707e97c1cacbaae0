_base_ = './linear_kcl_resnet20_1xb128-20e_fashion-mnist-lt-small.py'

# Fashion-MNIST-LT `full`: 14,886 training images (6,000 of the largest class, 60 of the smallest).
stage1_config = 'configs/tsc/tsc_resnet20_1xb128-12e_fashion-mnist-lt-full.py'
load_from = 'work_dirs/tsc_resnet20_1xb128-12e_fashion-mnist-lt-full/epoch_12.pth'
train_dataloader = dict(dataset=dict(num_max=6000))
param_scheduler = dict(milestones=[4, 6])
train_cfg = dict(max_epochs=8, val_interval=2)
