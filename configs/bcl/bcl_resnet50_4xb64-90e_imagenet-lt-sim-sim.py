# BCL on ImageNet-LT with ResNet-50, both contrasted views simple: the command of the authors' README.
#
#     tools/dist_train.sh configs/bcl/bcl_resnet50_4xb64-90e_imagenet-lt-sim-sim.py 4
#
# Four GPUs. The README gives no accuracy for it. Not run here.
_base_ = './bcl_resnext50-32x4d_4xb64-90e_imagenet-lt-sim-sim.py'

model = dict(backbone=dict(_delete_=True, type='ResNet', depth=50, zero_init_residual=False))
