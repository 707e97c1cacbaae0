# ResNet-50 with the parts of ResCom on large sets. No recipe was released. Temperature, weight and effective number are
# those of ResCo's command for ImageNet-LT, and so is the number of queue rows that an anchor can meet: 4 slots for each
# class, as many hard negatives as there are other classes. One hard positive as on CIFAR-100-LT.
_base_ = './resco_resnet50.py'

model = dict(
    joint_forward=True,
    head=dict(
        _delete_=True,
        type='ltcl.ResComHead',
        num_classes=1000,
        in_channels=2048,
        feat_dim=128,
        queue_per_class=4,
        num_hard_positives=1,
        num_hard_negatives=999,
        temperature=0.2,
        con_weight=0.5,
        effective_number_beta=0.99,
    ),
)
