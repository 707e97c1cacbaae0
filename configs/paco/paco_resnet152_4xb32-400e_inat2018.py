# PaCo on iNaturalist 2018 with ResNet-152.
#
#     tools/dist_train.sh configs/paco/paco_resnet152_4xb32-400e_inat2018.py 4
#
# The authors report this run but released no script for it. Known: the network, and 400 epochs. Inferred from their
# recipe of ResNet-50, its base: four GPUs, 32 images on each, float32, SGD 0.02 and its schedule, weight decay 1e-4,
# views, alpha, temperature, queue, no accumulation, batch normalisation, seed.
# Top-1 of the authors' README: 75.2. Not run here.
_base_ = './paco_resnet50_4xb32-400e_inat2018.py'

model = dict(backbone=dict(depth=152))
