# LWS: one scale per class on the classifier of a cross-entropy run, Fashion-MNIST-LT `small`.
_base_ = './crt_cross-entropy_resnet20_1xb128-20e_fashion-mnist-lt-small.py'

model = dict(head=dict(type='ltcl.LWSHead'))
# The classifier is loaded as well.
custom_hooks = [
    dict(type='ltcl.StrictLoadHook', ignore=[r'^(?!backbone\.|neck\.|head\.fc\.)']),
    *_base_.custom_hooks[1:],
]
