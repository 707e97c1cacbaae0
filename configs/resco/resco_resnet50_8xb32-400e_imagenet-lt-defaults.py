# ResCo on ImageNet-LT with ResNet-50, by the defaults of the authors' code.
#
#     tools/dist_train.sh configs/resco/resco_resnet50_8xb32-400e_imagenet-lt-defaults.py 8
#
# Rate 0.02, temperature 0.1, weight of the contrast 1, 8 positives and 4 negatives for each class in the queues; the
# rest as in the command of the README, resco_resnet50_8xb32-400e_imagenet-lt.py, from which the number of GPUs is
# taken.
# No result is published. Not run here.
_base_ = './resco_resnet50_8xb32-400e_imagenet-lt.py'

model = dict(head=dict(positives_per_class=8, negatives_per_class=4, temperature=0.1, con_weight=1.0))
optim_wrapper = dict(optimizer=dict(lr=0.02))
