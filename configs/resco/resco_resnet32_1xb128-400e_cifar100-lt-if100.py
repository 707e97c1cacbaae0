# ResCo on CIFAR-100-LT, imbalance factor 100.
# Rebalanced Siamese Contrastive Mining for Long-Tailed Recognition, https://arxiv.org/abs/2203.11506
#
#     python tools/train.py configs/resco/resco_resnet32_1xb128-400e_cifar100-lt-if100.py
#
# ResCo was published for ImageNet-LT only. Network, views and schedule are ResCom's for CIFAR-100-LT; queues, effective
# number, temperature and weight of the contrast are those of ResCo's command for ImageNet-LT.
# No result is stated, since no released run stands behind it. Not run here.
_base_ = './rescom_resnet32_1xb128-400e_cifar100-lt-if100.py'

model = dict(
    joint_forward=False,
    head=dict(
        _delete_=True,
        type='ltcl.ResCoHead',
        num_classes=100,
        in_channels=64,
        feat_dim=32,
        positives_per_class=4,
        negatives_per_class=1,
        temperature=0.2,
        con_weight=0.5,
        effective_number_beta=0.99,
    ),
)
