# ResCom on ImageNet-LT with ResNet-50, by the defaults of the authors' code.
#
#     python tools/train.py configs/resco/rescom_resnet50_1xb32-400e_imagenet-lt-defaults.py
#
# Rate 0.02 for a batch of 32 on one GPU, temperature 0.1, weight of the contrast 1, no weighing by effective number,
# one queue slot for each class, one hard positive, one hard negative. The defaults name neither data nor network; the
# rest is as in rescom_resnet50_8xb32-400e_imagenet-lt.py. No result is published. Not run here.
_base_ = './rescom_resnet50_8xb32-400e_imagenet-lt.py'

model = dict(
    head=dict(queue_per_class=1, num_hard_negatives=1, temperature=0.1, con_weight=1.0, effective_number_beta=0.0)
)
optim_wrapper = dict(optimizer=dict(lr=0.02))
